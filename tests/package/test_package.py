"""The Debian package: installed, upgraded, removed and purged in a root of its own. dpkg neither enters it nor touches the machine:
--force-script-chrootless runs the maintainer scripts with DPKG_ROOT set, and these leave users and services alone then."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TOCSIN_BIN", str(CHECKOUT / "build" / "tocsin"))

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="this is not Debian")


def build(folder, version):
    done = subprocess.run([CHECKOUT / "scripts/package", "--version", version, "--output", folder], capture_output=True, text=True,
                          env={**os.environ, "TOCSIN_BIN": BINARY, "SOURCE_DATE_EPOCH": "1767225600"}, timeout=120)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(CHECKOUT / done.stdout.strip())


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    return build(folder, "0.1.0"), build(folder, "0.2.0")


class Root:
    def __init__(self, path):
        self.path = path
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"):
            (path / folder).mkdir(parents=True)
        (path / "var/lib/dpkg/status").touch()

    def dpkg(self, *arguments):
        done = subprocess.run(["dpkg", f"--root={self.path}", "--force-script-chrootless", "--force-depends", "--force-not-root",
                               "--force-bad-path", "--log=/dev/null", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def files(self):
        return sorted(str(p.relative_to(self.path)) for p in self.path.rglob("*")
                      if p.is_file() and not str(p.relative_to(self.path)).startswith("var/lib/dpkg"))

    def version(self):
        return self.run("dpkg-query", f"--admindir={self.path}/var/lib/dpkg", "-W", "-f", "${Version} ${db:Status-Status}", "tocsin")

    @staticmethod
    def run(*words):
        return subprocess.run(words, capture_output=True, text=True, timeout=20).stdout


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path / "root")


def test_what_is_installed_is_whole_and_belongs_to_root(root, packages):
    root.dpkg("--install", packages[0])
    assert root.version() == "0.1.0 installed"
    program = root.path / "usr/bin/tocsin"
    assert stat.S_IMODE(program.stat().st_mode) == 0o755
    assert "serve" in root.run(program, "--help")
    files = root.files()
    for name in ("etc/tocsin/tocsin.yaml", "usr/lib/systemd/system/tocsin.service", "usr/share/man/man1/tocsin.1.gz",
                 "usr/share/doc/tocsin/NEWS.Debian.gz", "usr/share/bash-completion/completions/tocsin"):
        assert name in files
    listed = root.run("dpkg-deb", "-c", packages[0])
    assert all(line.split()[1] == "root/root" for line in listed.splitlines())
    assert root.run("dpkg", f"--root={root.path}", "--verify", "tocsin") == ""
    depends = root.run("dpkg-deb", "-f", packages[0], "Depends")
    for library in ("libc6", "libsodium23", "libsqlite3-0", "libevent", "libcurl", "tzdata"):
        assert library in depends


def test_the_configuration_that_is_installed_starts_a_server(root, packages, tmp_path):
    root.dpkg("--install", packages[0])
    config = (root.path / "etc/tocsin/tocsin.yaml").read_text()
    here = tmp_path / "here.yaml"
    here.write_text(config.replace("/var/lib/tocsin", str(tmp_path / "data")).replace("127.0.0.1:8080", "127.0.0.1:0"))
    process = subprocess.Popen([root.path / "usr/bin/tocsin", "serve", "--config", here], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    try:
        assert process.stdout.readline().startswith("ready on http://127.0.0.1:")
        assert process.stdout.readline().startswith("set up at ")
        process.terminate()
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
    # What is commented out is known to the program, too.
    here.write_text("\n".join(re.sub(r"^# (\w+: )", r"\1", line) for line in here.read_text().splitlines())
                    .replace("/etc/tocsin/smtp-password", "/nowhere"))
    done = subprocess.run([root.path / "usr/bin/tocsin", "serve", "--config", here], capture_output=True, text=True, timeout=20)
    assert "/nowhere" in done.stderr and "unknown key" not in done.stderr


def test_an_upgrade_keeps_the_configuration_and_the_data(root, packages):
    root.dpkg("--install", packages[0])
    config = root.path / "etc/tocsin/tocsin.yaml"
    config.write_text(config.read_text() + "public_url: https://mine.example.org\n")
    data = root.path / "var/lib/tocsin"
    data.mkdir(parents=True)
    (data / "tocsin.db").write_text("precious")
    root.dpkg("--install", "--force-confold", packages[1])
    assert root.version() == "0.2.0 installed"
    assert "mine.example.org" in config.read_text()
    assert (data / "tocsin.db").read_text() == "precious"
    assert list((root.path / "etc/tocsin").iterdir()) == [config]


def test_removed_it_leaves_the_configuration_and_purged_nothing_but_data(root, packages):
    root.dpkg("--install", packages[0])
    data = root.path / "var/lib/tocsin"
    data.mkdir(parents=True)
    (data / "tocsin.db").write_text("precious")
    root.dpkg("--remove", "tocsin")
    assert root.files() == ["etc/tocsin/tocsin.yaml", "var/lib/tocsin/tocsin.db"]
    said = root.dpkg("--purge", "tocsin")
    assert root.files() == ["var/lib/tocsin/tocsin.db"]
    assert "stays" in said
    (data / "tocsin.db").unlink()
    root.dpkg("--install", packages[1])
    root.dpkg("--purge", "tocsin")
    assert root.files() == [] and not data.exists() and not (root.path / "etc/tocsin").exists()


def test_the_same_input_gives_the_same_bytes(packages, tmp_path):
    assert build(tmp_path, "0.1.0").read_bytes() == packages[0].read_bytes()


def test_the_unit_is_hardened():
    unit = (CHECKOUT / "packaging/debian/tocsin.service").read_text()
    for line in ("User=tocsin", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "UMask=0077", "Restart=always"):
        assert line in unit
    if shutil.which("systemd-analyze"):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", CHECKOUT / "packaging/debian/tocsin.service"],
                              capture_output=True, text=True, timeout=30)
        level = re.search(r"exposure level for tocsin.service: ([0-9.]+)", done.stdout)
        assert level and float(level[1]) < 3, done.stdout[-500:]


def steps():
    """The lines of the recipe, continued ones joined: (word, the rest)."""
    text = re.sub(r"\\\n", " ", (CHECKOUT / "packaging/Containerfile").read_text())
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_every_step_of_the_image_names_what_the_package_has(root, packages):
    """Read as a builder would, where there is none: files, the user, the options."""
    root.dpkg("--install", packages[0])
    recipe = steps()
    words = [word for word, _ in recipe]
    assert words[0] == "FROM" and set(words) <= {"FROM", "COPY", "RUN", "ENV", "USER", "WORKDIR", "VOLUME", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
    pattern, target = dict(recipe)["COPY"].split()
    assert len(list(packages[0].parent.glob(pattern))) >= 1 and target.endswith("/")
    assert f"{target}{pattern}" in dict(recipe)["RUN"]  # what is copied is what is installed
    user, volume = dict(recipe)["USER"].strip(), dict(recipe)["VOLUME"].strip()
    postinst = (CHECKOUT / "packaging/debian/postinst").read_text()
    assert re.search(rf"adduser .*\b{user}\b|useradd .*\b{user}\b|--home {volume}", postinst), "nobody makes the user"
    assert volume in postinst and dict(recipe)["WORKDIR"].strip() == volume
    (program,) = json.loads(dict(recipe)["ENTRYPOINT"])
    assert (root.path / program.lstrip("/")).exists()
    command, *options = json.loads(dict(recipe)["CMD"])
    help_text = subprocess.run([BINARY, command, "--help"], capture_output=True, text=True, timeout=20).stdout
    assert all(option in help_text for option in options if option.startswith("--"))
    assert options[options.index("--data") + 1] == volume
    for setting in dict(recipe)["ENV"].split():
        name, value = setting.split("=")
        assert name.startswith("TOCSIN_") and f"--{name.removeprefix('TOCSIN_').lower().replace('_', '-')}" in help_text
        if name == "TOCSIN_LISTEN":
            assert value.endswith(":" + dict(recipe)["EXPOSE"].strip())


BUILDER = shutil.which("podman") or shutil.which("buildah")


@pytest.mark.skipif(not BUILDER, reason="neither podman nor buildah is here to build the image")
def test_the_image_is_built(packages):
    words = [BUILDER, "build" if BUILDER.endswith("podman") else "bud", "-f", CHECKOUT / "packaging/Containerfile", "-t", "tocsin-test",
             packages[0].parent]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
