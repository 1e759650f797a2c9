from django.apps import AppConfig


class ChainwatchConfig(AppConfig):
    name = "chainwatch"

    def ready(self) -> None:
        # Models can be imported from here on only.
        from billing import metrics
        from chainwatch.metrics import ChainCollector

        metrics.register(ChainCollector())
