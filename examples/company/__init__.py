"""The example company: customers, models, an index and a product, all under MLflow."""
