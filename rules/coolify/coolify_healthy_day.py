"""An ordinary morning of Coolify: it is updated, a deployment fails and is made again at once, a backup is taken."""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules.coolify.coolify_proofs import of_account, of_box, of_resource
from boxwatch.rules.model import Series
from boxwatch.rules.proofs.fixtures import flat
from boxwatch.rules.proofs.healthy_hours import DEPLOYED, UNSCRAPED, Hours

_DAY = 86400
# When Coolify is updated, and not there for minutes.
_UPDATED = DEPLOYED + 12
_BACKUP = {coolify.BACKUP: "nightly"}


def coolify_itself(hours: Hours) -> tuple[Series, ...]:
    """One account with a server, a resource outside the plan, and a backup every night."""
    fixtures = hours.fixtures
    away = hours.brief(4, "CoolifyUnreachable")
    failing = hours.brief(2, "CoolifySourceFailing")
    limited = hours.brief(1, "CoolifyRateLimited")
    return (
        of_account(fixtures, "up", hours.but(1, 0, hours.brief(2, "TargetDown"), UNSCRAPED)),
        of_account(fixtures, coolify.UP, hours.but(1, 0, away, _UPDATED)),
        of_account(fixtures, coolify.DOWN_REASON, hours.but(0, 1, away, _UPDATED), reason=coolify.UNREACHABLE),
        of_account(fixtures, coolify.DOWN_REASON, hours.but(0, 1, limited, UNSCRAPED + 8), reason=coolify.RATE_LIMITED),
        of_account(fixtures, coolify.DOWN_REASON, flat(0, fixtures.count), reason=coolify.API_DISABLED),
        *(
            of_account(fixtures, coolify.SOURCE_SUCCESS, hours.but(1, 0, failing, UNSCRAPED + 4), source=source)
            for source in coolify.SOURCES
        ),
        of_account(fixtures, coolify.UNPARSED, flat(3, fixtures.count), source="history", field="status"),
        *_deployments(hours),
        *_resource(hours),
        *_server(hours),
        *_backup(hours),
        *_task(hours),
    )


def _deployments(hours: Hours) -> tuple[Series, ...]:
    fixtures = hours.fixtures
    failed = hours.brief(1, "DeploymentFailed")

    def waits(alert: str, samples: int, begun: int) -> str:
        """What is told of something from its beginning on, for less time than the alert gives it."""
        short = int(min(samples, hours.most(alert, 60 * samples) // fixtures.interval))
        return f"_x{begun} {60 * begun}x{short} stale" if short else f"_x{fixtures.count}"

    def result(name: str, values: str) -> Series:
        return of_resource(fixtures, coolify.DEPLOYMENT_RESULT, values, result=name)

    return (
        result("finished", hours.but(1, 0, failed)),
        result("failed", hours.but(0, 1, failed)),
        result("cancelled", flat(0, fixtures.count)),
        of_resource(
            fixtures, coolify.DEPLOYMENT_PROGRESS, waits("DeploymentStuck", 12, DEPLOYED - 12), status="in_progress"
        ),
        of_box(fixtures, coolify.DEPLOYMENTS_OLDEST, waits("DeploymentQueueOld", 6, DEPLOYED - 15), status="queued"),
    )


def _resource(hours: Hours) -> tuple[Series, ...]:
    """Outside the plan: stopped to be deployed again, then not healthy at once."""
    fixtures = hours.fixtures
    stopped = hours.brief(3, "CoolifyResourceStopped")
    starting = hours.brief(2, "CoolifyResourceDegraded")
    sick = hours.brief(4, "CoolifyResourceUnhealthy")

    def state(name: str, values: str) -> Series:
        return of_resource(fixtures, coolify.RESOURCE_STATE, values, state=name, type=coolify.APPLICATION)

    return (
        state("running", hours.but(1, 0, stopped + starting)),
        state("exited", hours.but(0, 1, stopped)),
        state("restarting", hours.but(0, 1, starting, DEPLOYED + stopped)),
        of_resource(
            fixtures,
            coolify.RESOURCE_HEALTH,
            hours.but(0, 1, sick, DEPLOYED + stopped + starting),
            state="unhealthy",
            type=coolify.APPLICATION,
        ),
        of_resource(fixtures, coolify.RESOURCE_RESTART_LIMIT_REACHED, flat(0, fixtures.count)),
    )


def _server(hours: Hours) -> tuple[Series, ...]:
    """Not reached by one look at it; its Sentinel silent while Coolify is updated."""
    fixtures = hours.fixtures
    lost = hours.brief(1, "CoolifyServerUnreachable")
    unusable = hours.brief(1, "CoolifyServerUnusable")
    proxy = hours.brief(2, "CoolifyProxyNotRunning")
    pushed = 60 * _UPDATED - 30
    return (
        of_box(fixtures, coolify.SERVER_REACHABLE, hours.but(1, 0, lost, UNSCRAPED + 14)),
        of_box(fixtures, coolify.SERVER_USABLE, hours.but(1, 0, unusable, UNSCRAPED + 14)),
        of_box(fixtures, coolify.SERVER_SENTINEL_ENABLED, flat(1, fixtures.count)),
        of_box(fixtures, coolify.SERVER_SENTINEL_INTERVAL, flat(60, fixtures.count)),
        of_box(
            fixtures,
            coolify.SERVER_SENTINEL_PUSH,
            f"-30+60x{_UPDATED} {pushed}x1 {pushed + 180}+60x{fixtures.count - _UPDATED - 3}",
        ),
        of_box(fixtures, coolify.SERVER_PROXY_STATE, hours.but(0, 1, proxy, UNSCRAPED), state="restarting"),
        of_box(fixtures, coolify.SERVER_PROXY_STATE, hours.but(1, 0, proxy, UNSCRAPED), state="running"),
    )


def _backup(hours: Hours) -> tuple[Series, ...]:
    """Last night's, nearly a day old; the next fails and is made again at once."""
    fixtures, at = hours.fixtures, UNSCRAPED - 6
    failed = hours.brief(1, "BackupFailed")
    old = int(_DAY * hours.most("BackupTooOld", 0.95)) - 60 * (at + failed + 1)

    def of(metric: str, values: str, **labels: str) -> Series:
        return of_resource(fixtures, metric, values, **_BACKUP, **labels)

    return (
        of(coolify.BACKUP_ENABLED, flat(1, fixtures.count)),
        of(coolify.BACKUP_INTERVAL, flat(_DAY, fixtures.count)),
        of(coolify.BACKUP_S3, flat(1, fixtures.count)),
        of(coolify.BACKUP_UPLOADED, flat(1, fixtures.count)),
        of(coolify.BACKUP_DATABASE_SIZE, flat(1000, fixtures.count), database="shop"),
        of(coolify.BACKUP_DATABASE_MEDIAN, flat(900, fixtures.count), database="shop"),
        of(coolify.BACKUP_RESULT, hours.but(0, 1, failed, at), result="failed"),
        of(coolify.BACKUP_SUCCESS, f"{-old}x{at + failed - 1} {60 * (at + failed)}x{fixtures.count - at - failed}"),
    )


def _task(hours: Hours) -> tuple[Series, ...]:
    """A task that is a minute late, and fails once; a clean-up that runs every night."""
    fixtures = hours.fixtures
    failed = hours.brief(1, "ScheduledTaskFailed")
    task = {coolify.TYPE: coolify.APPLICATION, coolify.TASK: "t1"}
    return (
        of_resource(fixtures, coolify.TASK_ENABLED, flat(1, fixtures.count), **task),
        of_resource(fixtures, coolify.TASK_RESULT, hours.but(0, 1, failed, UNSCRAPED), result="failed", **task),
        of_resource(fixtures, coolify.TASK_OVERDUE, flat(min(60, hours.most("ScheduledTaskOverdue", 60)), 0), **task),
        of_box(fixtures, coolify.CLEANUP_RESULT, flat(0, fixtures.count), result="failed"),
        of_box(fixtures, coolify.CLEANUP_OVERDUE, flat(0, fixtures.count)),
    )
