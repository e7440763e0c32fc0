"""Records as Coolify sends them: real keys and types, invented values.

Keys that begin with an underscore are the fake's own and are never sent. Traps that no request can avoid are built in:
string ids in deployments, id 0 for the first server, timestamps without a zone, no `id` in most lists.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

Record = dict[str, Any]

SERVER: Final = "App\\Models\\StandaloneDocker"
# Coolify stores the proxy's entire compose file and sends it with every record that includes its server.
_PROXY_YAML: Final = "networks:\n  coolify:\n    external: true\nservices:\n  traefik:\n    command:\n" + "".join(
    f"      - '--entrypoints.extra{number}.address=:{9000 + number}'\n" for number in range(120)
)
_NULL_SETTINGS: Final = (
    "logdrain_axiom_api_key",
    "logdrain_axiom_dataset_name",
    "logdrain_custom_config",
    "logdrain_custom_config_parser",
    "logdrain_highlight_project_id",
    "logdrain_newrelic_base_uri",
    "logdrain_newrelic_license_key",
    "sentinel_custom_url",
    "wildcard_domain",
)
_NULL_APPLICATION: Final = (
    "base_directory",
    "build_command",
    "config_hash",
    "custom_docker_run_options",
    "custom_healthcheck_found",
    "custom_network_aliases",
    "custom_nginx_configuration",
    "docker_compose_custom_build_command",
    "docker_compose_custom_start_command",
    "docker_compose_domains",
    "docker_compose_location",
    "docker_registry_image_name",
    "docker_registry_image_tag",
    "dockerfile_location",
    "dockerfile_target_build",
    "git_full_url",
    "health_check_host",
    "health_check_port",
    "health_check_response_text",
    "install_command",
    "limits_cpuset",
    "ports_mappings",
    "post_deployment_command",
    "post_deployment_command_container",
    "pre_deployment_command",
    "pre_deployment_command_container",
    "preview_url_template",
    "private_key_id",
    "publish_directory",
    "source_id",
    "start_command",
    "swarm_placement_constraints",
    "watch_paths",
)


def iso(moment: float) -> str:
    """A timestamp of a cast column, in whole seconds: `2026-08-22T10:11:12.000000Z`."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def naive(moment: float) -> str:
    """A UTC timestamp of a column that is not cast: `2026-08-22 10:11:12`."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%d %H:%M:%S")


def uuid(name: str) -> str:
    """A uuid in Coolify's format, 24 letters and digits, but deterministic."""
    alphabet = "".join(character for character in name.lower() if character.isascii() and character.isalnum())
    return (alphabet + "0" * 24)[:24]


def server(number: int, name: str, now: float) -> Record:
    """A server's detail; the first server is Coolify's host and has id 0."""
    settings = {
        "id": number,
        "server_id": number,
        "concurrent_builds": 2,
        "deployment_queue_limit": 25,
        "dynamic_timeout": 3600,
        "is_reachable": True,
        "is_usable": True,
        "is_sentinel_enabled": True,
        "is_metrics_enabled": False,
        "is_build_server": False,
        "is_swarm_manager": False,
        "is_swarm_worker": False,
        "force_disabled": False,
        "force_docker_cleanup": False,
        "sentinel_push_interval_seconds": 60,
        "server_disk_usage_notification_threshold": 80,
        "docker_cleanup_frequency": "0 0 * * *",
        "docker_cleanup_threshold": 80,
        "server_timezone": "UTC",
        "generate_exact_labels": False,
        **dict.fromkeys(_NULL_SETTINGS),
    }
    return {
        "_id": number,
        "_cleanups": [execution(number, now - now % 86400)],
        "uuid": uuid(f"{name}srv"),
        "name": name,
        "description": None,
        "ip": "host.docker.internal" if number == 0 else f"10.0.0.{number + 1}",
        "user": "root",
        "port": 22,
        "is_coolify_host": number == 0,
        "proxy": {
            "type": "TRAEFIK",
            "status": "running",
            "redirect_enabled": True,
            "last_saved_proxy_configuration": _PROXY_YAML,
        },
        "unreachable_count": 0,
        "sentinel_updated_at": naive(now - 20),
        "detected_traefik_version": "3.6.1",
        "traefik_outdated_info": None,
        "hetzner_server_status": None,
        # Gathered over SSH when a server is validated (Coolify 4.3, app/Models/Server.php); there is no size of a disk.
        "server_metadata": {
            "os": "Debian GNU/Linux 12 (bookworm)",
            "arch": "x86_64",
            "kernel": "6.1.0-26-amd64",
            "cpus": 8,
            "memory_bytes": 33534234624,
            "uptime_since": "2026-05-20 08:00:00",
            "collected_at": iso(now - 86400),
        },
        "settings": settings,
        "created_at": iso(now - 90 * 86400),
        "updated_at": iso(now),
    }


def _resource(number: int, name: str, place: Record, environment: int, now: float) -> Record:
    """Fields common to all resources, for one created a month ago and running."""
    return {
        "_id": number,
        "_server": place["uuid"],
        "_tasks": [],
        "uuid": uuid(name),
        "name": name,
        "description": None,
        "environment_id": environment,
        "status": "running:healthy",
        "server_status": True,
        "created_at": iso(now - 30 * 86400),
        "updated_at": iso(now),
    }


def application(number: int, name: str, place: Record, environment: int, now: float) -> Record:
    """A record of GET /applications, which includes its server: 16 KB in all."""
    return {
        **_resource(number, name, place, environment, now),
        "fqdn": f"https://{uuid(name)[:8]}.example.com",
        "destination_id": place["_id"],
        "destination_type": SERVER,
        "build_pack": "nixpacks",
        "git_repository": "example/shop",
        "git_branch": "main",
        "git_commit_sha": "HEAD",
        "source_type": "App\\Models\\GithubApp",
        "restart_count": 0,
        "max_restart_count": 10,
        "last_restart_at": None,
        "last_restart_type": None,
        "last_online_at": naive(now - 3600),
        "limits_memory": "1g",
        "limits_memory_reservation": "0",
        "limits_memory_swap": "0",
        "limits_memory_swappiness": 60,
        "limits_cpus": "0",
        "limits_cpu_shares": 1024,
        "health_check_enabled": True,
        "health_check_interval": 5,
        "health_check_method": "GET",
        "health_check_path": "/",
        "health_check_retries": 10,
        "health_check_return_code": 200,
        "health_check_scheme": "http",
        "health_check_start_period": 5,
        "health_check_timeout": 5,
        "is_http_basic_auth_enabled": False,
        "ports_exposes": "3000",
        "redirect": "both",
        "repository_project_id": 1,
        "static_image": "nginx:alpine",
        "swarm_replicas": 1,
        "additional_servers": [],
        "additional_servers_count": 0,
        "additional_networks_count": 0,
        "destination": {"id": place["_id"], "uuid": uuid(f"dest{place['_id']}"), "network": "coolify", "server": place},
        **dict.fromkeys(_NULL_APPLICATION),
    }


def service(number: int, name: str, place: Record, environment: int, now: float) -> Record:
    """A service with one part."""
    return {
        **_resource(number, name, place, environment, now),
        "service_type": name,
        "server": place,
        "applications": [part(name, now)],
        "databases": [],
    }


def part(name: str, now: float) -> Record:
    """A container of a service."""
    return {
        "uuid": uuid(f"{name}part"),
        "name": name,
        "image": f"{name}:8",
        "fqdn": None,
        "status": "running:healthy",
        "exclude_from_status": False,
        "last_online_at": naive(now - 3600),
    }


def database(number: int, name: str, engine: str, place: Record, environment: int, now: float) -> Record:  # noqa: PLR0913, PLR0917 - a database requires all of them
    """A standalone database with a daily backup."""
    owner = f"App\\Models\\Standalone{engine.capitalize()}"
    return {
        **_resource(number, name, place, environment, now),
        "database_type": f"standalone-{engine}",
        "image": f"{engine}:16",
        "is_public": False,
        "last_online_at": naive(now - 3600),
        "limits_memory": "4g",
        "limits_memory_reservation": "0",
        "limits_cpus": "0",
        "backup_configs": [backup(name, number, owner, now)],
    }


def run(schedule: Record, number: int, ended: float, status: str = "success", **more: object) -> Record:
    """One backup of one database of a schedule."""
    return {
        "id": number,
        "uuid": uuid(f"run{number}{schedule['uuid']}"),
        "status": status,
        "message": None,
        "size": 123456,
        "filename": "/data/coolify/backups/x.dmp",
        "database_name": "shop",
        "finished_at": iso(ended),
        "s3_uploaded": True,
        "local_storage_deleted": False,
        "s3_storage_deleted": False,
        "scheduled_database_backup_id": 1,
        "created_at": iso(ended - 30),
        "updated_at": iso(ended),
        **more,
    }


def backup(name: str, number: int, owner: str, now: float) -> Record:
    """A schedule and its last run."""
    return {
        "uuid": uuid(f"{name}backup"),
        "enabled": True,
        "frequency": "0 3 * * *",
        "save_s3": True,
        "disable_local_backup": False,
        "databases_to_backup": None,
        "dump_all": False,
        "database_id": number,
        "database_type": owner,
        "latest_log": {
            "uuid": uuid(f"{name}run"),
            "status": "success",
            "message": None,
            "size": 123456,
            "filename": "/data/coolify/backups/x.dmp",
            "finished_at": iso(now - 7 * 3600),
            "s3_uploaded": True,
            "created_at": iso(now - 7 * 3600 - 30),
        },
    }


def task(name: str, frequency: str, now: float, **more: object) -> Record:
    """A scheduled task."""
    return {
        "uuid": uuid(f"{name}task"),
        "enabled": True,
        "name": name,
        "command": "php artisan schedule:run --password=hunter2",
        "frequency": frequency,
        "container": None,
        "timeout": 300,
        "created_at": iso(now - 30 * 86400),
        "updated_at": iso(now - 30 * 86400),
        "_executions": [],
        **more,
    }


def execution(number: int, started: float, status: str = "success", *, took: float = 3, **more: object) -> Record:
    """A run of a task; a clean-up has no `started_at` and no `duration`."""
    return {
        "uuid": uuid(f"execution{number}"),
        "status": status,
        "message": "done",
        "retry_count": 0,
        "duration": f"{took:.2f}",
        "started_at": iso(started),
        "finished_at": None if status == "running" else iso(started + took),
        "created_at": iso(started),
        "updated_at": iso(started + took),
        **more,
    }


def deployment(number: int, app: Record, place: Record, status: str, created: float, **more: object) -> Record:
    """A row of the deployment queue; `application_id` and `destination_id` are strings, as in Coolify."""
    identity = f"hk{number:022d}"
    path = f"/project/{uuid('shop')}/environment/{uuid('production')}/application/{app['uuid']}/deployment/{identity}"
    return {
        "_application": app["uuid"],
        "id": number,
        "application_id": str(app["_id"]),
        "deployment_uuid": identity,
        "pull_request_id": 0,
        "force_rebuild": False,
        "commit": "3f2c0de",
        "commit_message": None,
        "status": status,
        "is_webhook": False,
        "is_api": False,
        "restart_only": False,
        "only_this_server": False,
        "rollback": False,
        "server_id": place["_id"],
        "server_name": place["name"],
        "application_name": app["name"],
        "destination_id": str(place["_id"]),
        "build_server_id": None,
        "deployment_url": path,
        "git_type": None,
        "current_process_id": None,
        "configuration_hash": None,
        "docker_registry_image_tag": None,
        "horizon_job_id": None,
        "horizon_job_worker": None,
        "created_at": iso(created),
        "updated_at": iso(created),
        "finished_at": None,
        **more,
    }
