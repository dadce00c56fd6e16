"""MLflow: React with a design system of its own, a REST API."""

from ..app import App, Check, Site
from ..hand import Hand

APP = App(
    "mlflow",
    ("mlflow",),
    ("BIN/mlflow", "server", "--port", "PORT", "--backend-store-uri", "sqlite:///FOLDER/site.db", "--workers", "1"),
    environment={"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
)  # fmt: skip
EXPERIMENTS = "/#/experiments"


def experiments(site: Site) -> list[str]:
    found = site.api("/api/2.0/mlflow/experiments/search", {"max_results": 100})["experiments"]
    return sorted(each["name"] for each in found)


def make(site: Site, name: str) -> str:
    """Create an experiment with a run; returns its number."""
    number = site.api("/api/2.0/mlflow/experiments/create", {"name": name})["experiment_id"]
    site.api("/api/2.0/mlflow/runs/create", {"experiment_id": number, "run_name": f"run of {name}"})
    return str(number)


@APP.job
def create_an_experiment(hand: Hand, site: Site) -> Check:
    hand.open(EXPERIMENTS)
    hand.click("Create")
    hand.click("[placeholder='Input an experiment name']")
    hand.type("alpha")
    hand.finish("Create", -1)
    return lambda: "alpha" in experiments(site)


@APP.job
def delete_an_experiment(hand: Hand, site: Site) -> Check:
    make(site, "outdated")
    hand.open(EXPERIMENTS)
    hand.click("[type=checkbox]", 1)
    hand.click("Delete")
    hand.finish("Delete", -1)
    return lambda: "outdated" not in experiments(site)


@APP.job
def search_an_experiment_and_rename_it(hand: Hand, site: Site) -> Check:
    make(site, "beta")
    hand.open(EXPERIMENTS)
    hand.click("[placeholder^='Search experim']")
    hand.type("beta", submit=True)
    hand.click("beta")
    return lambda: "/experiments/" in hand.read("() => location.href") and "beta" in experiments(site)
