# Completion of check_rawping(1) for bash. Made from the option table by make shipped.

_check_rawping() {
	local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} from=(-A hostname)
	# --option=value comes as three words.
	if [[ $current == = ]]; then
		current=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $current == -* ]]; then
		from=(-W '-H --hostname --hosts-file -4 --ipv4-only -6 --ipv6-only --family --resolve --dns-failure --any-source --accept -n --packets -b --bytes -l --ttl -s --source --dscp --dont-fragment --fwmark -i --interval -I --target-interval --packet-timeout -t --timeout -w --warning -c --critical --threshold -R --rta-mode -P --loss-mode -J --jitter-mode -M --mos-mode -S --score-mode -O --order-mode -m --min-alive --confirm --early-exit --trace-on-failure --output --no-data -v --verbose --extra-opts --personality -V --version -h --help --quiet --state-file --on-change --remind')
	fi
	case $option in
	-H | --hostname) from=(-A hostname) ;;
	--family) from=(-W 'any both') ;;
	--resolve) from=(-W 'first all') ;;
	--dns-failure) from=(-W 'ok warning critical unknown') ;;
	--accept) from=(-W 'truncated') ;;
	--threshold) from=(-W 'rta= min= max= median= p95= stddev= jitter= jitter_min= jitter_max= loss= lost= longest_loss_run= consecutive_lost= refused= not_sent= late= duplicates= out_of_order= corrupt= wrong_source= suspect= ttl= ttl_changes= mos= score='); compopt -o nospace 2>/dev/null || : ;;
	--output) from=(-W 'nagios json influx prometheus') ;;
	--no-data) from=(-W 'U omit') ;;
	--personality) from=(-W 'check_rawping check_icmp check_host check_rta_multi check_ping check_fping') ;;
	--hosts-file | --state-file) from=(-f) ;;
	-n | --packets | -b | --bytes | -l | --ttl | -s | --source | --dscp | --fwmark | -i | --interval | -I | --target-interval | --packet-timeout | -t | --timeout | -w | --warning | -c | --critical | -R | --rta-mode | -P | --loss-mode | -J | --jitter-mode | -M | --mos-mode | -S | --score-mode | -m | --min-alive | --confirm | --remind) from=(-W '') ;;
	esac
	mapfile -t COMPREPLY < <(compgen "${from[@]}" -- "$current")
}

complete -F _check_rawping check_rawping
