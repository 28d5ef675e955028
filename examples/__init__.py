"""Examples that train real models and are traced like anyone else's."""
