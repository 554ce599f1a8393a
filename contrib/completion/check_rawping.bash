# Completion of check_rawping(1) for bash. Made from the option table by make shipped.

_check_rawping() {
	local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
	# --option=value comes as three words.
	if [[ $current == = ]]; then
		current=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	COMPREPLY=()
	case $option in
	-H | --hostname)
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
		return
		;;
	--hosts-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--family)
		mapfile -t COMPREPLY < <(compgen -W 'any both' -- "$current")
		return
		;;
	--resolve)
		mapfile -t COMPREPLY < <(compgen -W 'first all' -- "$current")
		return
		;;
	--dns-failure)
		mapfile -t COMPREPLY < <(compgen -W 'ok warning critical unknown' -- "$current")
		return
		;;
	--accept)
		mapfile -t COMPREPLY < <(compgen -W 'truncated' -- "$current")
		return
		;;
	--threshold)
		compopt -o nospace 2>/dev/null || :
		mapfile -t COMPREPLY < <(compgen -W 'rta= min= max= median= p95= stddev= jitter= jitter_min= jitter_max= loss= lost= longest_loss_run= consecutive_lost= refused= not_sent= late= duplicates= out_of_order= corrupt= wrong_source= suspect= ttl= ttl_changes= mos= score=' -- "$current")
		return
		;;
	--output)
		mapfile -t COMPREPLY < <(compgen -W 'nagios json influx prometheus' -- "$current")
		return
		;;
	--no-data)
		mapfile -t COMPREPLY < <(compgen -W 'U omit' -- "$current")
		return
		;;
	--personality)
		mapfile -t COMPREPLY < <(compgen -W 'check_rawping check_icmp check_host check_rta_multi check_ping check_fping' -- "$current")
		return
		;;
	--state-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	-n | --packets | -b | --bytes | -l | --ttl | -s | --source | --dscp | --fwmark | -i | --interval | -I | --target-interval | --packet-timeout | -t | --timeout | -w | --warning | -c | --critical | -R | --rta-mode | -P | --loss-mode | -J | --jitter-mode | -M | --mos-mode | -S | --score-mode | -m | --min-alive | --confirm | --remind)
		return
		;;
	esac
	if [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '-H --hostname --hosts-file -4 --ipv4-only -6 --ipv6-only --family --resolve --dns-failure --any-source --accept -n --packets -b --bytes -l --ttl -s --source --dscp --dont-fragment --fwmark -i --interval -I --target-interval --packet-timeout -t --timeout -w --warning -c --critical --threshold -R --rta-mode -P --loss-mode -J --jitter-mode -M --mos-mode -S --score-mode -O --order-mode -m --min-alive --confirm --early-exit --trace-on-failure --output --no-data -v --verbose --extra-opts --personality -V --version -h --help --quiet --state-file --on-change --remind' -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
	fi
}

complete -F _check_rawping check_rawping
