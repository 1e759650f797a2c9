from django.apps import AppConfig


class ChainwatchConfig(AppConfig):
    name = "chainwatch"
