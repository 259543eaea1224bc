# The parts of a CI run and their shares of the time. To be sourced; the caller sets `counted`, a file whose
# lines .ci/summary.mjs reads, and `factor`, by which this machine's shares are longer.
status=0
spent=0

# `part NAME COMMAND…` says how long the command took, and does not stop for a failure.
part() {
  local name="$1" from="$SECONDS" took
  shift
  "$@" || status=1
  took=$((SECONDS - from))
  echo "$name took $took s"
  spent=$((spent + took))
}

# `within SECONDS NAME`: the parts since the last such line have had that share. A longer time is named, and
# twice the share fails.
within() {
  local share
  share="$(awk -v seconds="$1" -v factor="$factor" 'BEGIN { printf "%d", seconds * factor }')"
  if ((spent > 2 * share)); then
    echo "FAILED  $2 took $spent s, its share is $share s" | tee -a "$counted"
    echo "0 passed, 1 failed" >>"$counted"
    status=1
  elif ((spent > share)); then
    echo "LATE    $2 took $spent s, its share is $share s" | tee -a "$counted"
  fi
  spent=0
}

# `counting COMMAND…`: its last line is counted with the tests, and its failures are named at the end.
counting() { "$@" 2>&1 | tee -a "$counted"; }
