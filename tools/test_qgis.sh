#!/usr/bin/env bash
# Tests of the plug-in inside QGIS: its tools in QGIS's Python, on the command line, and in the desktop on a virtual screen.
# Usage: tools/test_qgis.sh PYTHON [SUITE]: the Python of the package's own environment, which has pandas and geopandas, and
# the release of Debian whose QGIS is taken (trixie: 3.40; forky: 3.44), in a folder of its own; by default this machine's.
set -euo pipefail
cd "$(dirname "$0")/.."
own=$1
suite=${2:-}
work=$PWD/build/qgis
packages=(qgis python3-qgis python3-scipy python3-pytest xvfb xauth)
inside=()

if [ -n "$suite" ]; then
  root=$PWD/build/debian-$suite
  inside=(chroot "$root" env --chdir="$PWD")
  if [ ! -e "$root/usr/bin/qgis.bin" ]; then
    command -v debootstrap > /dev/null || apt-get install -y -qq debootstrap
    # the script of sid serves every later release
    debootstrap --variant=minbase "$suite" "$root" http://deb.debian.org/debian /usr/share/debootstrap/scripts/sid
    cp /etc/resolv.conf "$root/etc/"
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -qq --no-install-recommends "${packages[@]}"
  fi
else
  for needed in /usr/bin/qgis_process.bin /usr/bin/qgis.bin /usr/bin/xvfb-run /usr/bin/pytest-3; do
    if [ ! -e "$needed" ]; then
      apt-get update -qq
      apt-get install -y -qq --no-install-recommends "${packages[@]}"
      break
    fi
  done
fi

rm -rf "$work"
mkdir -p "$work/xdg" "$work/shots"
chmod 700 "$work/xdg"
"$own" tools/qgis_plugin.py build
zip=$(ls -t dist/spatialhealth-qgis-*.zip | head -1)
profile=$work/config/profiles/default
mkdir -p "$profile/python/plugins" "$profile/QGIS"
"$own" -m zipfile -e "$zip" "$profile/python/plugins"
printf '%s\n' '[PythonPlugins]' spatialhealth=true processing=true '[qgis]' checkVersion=false showTips=false \
  '[app]' askToSaveMemoryLayers=false > "$profile/QGIS/QGIS3.ini"

"$own" -m tests.qgis.reference "$work/reference.json"
"$own" -m tests.qgis.reference_services "$work"
export XDG_RUNTIME_DIR=$work/xdg SPATIALHEALTH_PLUGIN=$profile/python/plugins SPATIALHEALTH_REFERENCE=$work/reference.json
export SPATIALHEALTH_CONFIG=$work/config SPATIALHEALTH_PYTHON=$own PYTHONDONTWRITEBYTECODE=1
options=(-P -m pytest -q -c tests/qgis/pytest.ini --rootdir=. --confcutdir=tests/qgis)
if [ -n "$suite" ]; then
  # the same files under the same names, so that every path holds inside
  mkdir -p "$root$PWD"
  { git ls-files -z; find build/qgis dist -type f -print0; } | tar -c --null -T - | tar -x -C "$root$PWD"
  mkdir -p "$root$work/xdg" "$root$work/shots"
  unset SPATIALHEALTH_PYTHON  # which is of another system
  mount -t proc proc "$root/proc"  # Qt names its temporary files by it
  trap 'umount "$root/proc"' EXIT
fi

echo "== in QGIS's Python, without pandas, geopandas and libpysal"
QT_QPA_PLATFORM=offscreen PYTHONPATH=$SPATIALHEALTH_PLUGIN "${inside[@]}" /usr/bin/python3 "${options[@]}" tests/qgis
if [ -z "$suite" ]; then
  echo "== in the package's environment, with geopandas"
  QT_QPA_PLATFORM=offscreen SPATIALHEALTH_PYQGIS=/usr/lib/python3/dist-packages \
    "$own" "${options[@]}" tests/qgis/test_in_qgis_layers.py
fi
echo "== in the desktop"
# QGIS takes its Python from the first python3 on the path
PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin SPATIALHEALTH_ROOT=$PWD SPATIALHEALTH_SHOTS=$work/shots LIBGL_ALWAYS_SOFTWARE=1 \
  timeout 180 "${inside[@]}" xvfb-run -a -s "-screen 0 1400x900x24 -nolisten tcp" /usr/bin/qgis.bin --nologo --noversioncheck \
  --profiles-path "$work/config" --profile default --code "$PWD/tests/qgis/desktop.py" > "$work/desktop.out" 2>&1
if [ -n "$suite" ]; then cp "$root$work/shots/"* "$work/shots/"; fi
cat "$work/shots/desktop.log"
grep -q '^done' "$work/shots/desktop.log"
if grep -q Traceback "$work/shots/desktop.log"; then exit 1; fi
if [ -n "${PICTURE:-}" ]; then cp "$work/shots/qgis.png" docs/images/qgis.png; fi
echo "screenshot: $work/shots/qgis.png (PICTURE=1 copies it to docs/images)"
