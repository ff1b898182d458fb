# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of vidstore for bash. It asks the command itself what there is (`vidstore help --table`), so it can't
# disagree with it.

_vidstore_table() {
    # The command as it was typed: it may be one that is not installed.
    if [[ ${_vidstore_known:-} != "$1" ]]; then
        _vidstore_rows=$("$1" help --table 2>/dev/null) || return 1
        _vidstore_known=$1
    fi
    printf '%s\n' "$_vidstore_rows"
}

# The options of a command and the global ones; with a third argument, the values of one of them.
_vidstore_options() {
    _vidstore_table "$1" | awk -F '\t' -v command="$2" -v option="${3:-}" '
        $1 == "option" && ($2 == command || $2 == "") {
            if (option == "") print $3
            else if ($3 == option || $4 == option) { print $5; exit }
        }'
}

# The command that the words make so far, such as "jobs list"; nothing when there is none yet.
_vidstore_command() {
    _vidstore_table "$1" | awk -F '\t' -v words="$2" '
        $1 == "command" { known[$2] = 1; split($2, part, " "); group[part[1]] = 1 }
        END {
            count = split(words, word, " ")
            for (i = 1; i <= count; i++) {
                if (word[i] in known) { print word[i]; exit }
                if (!(word[i] in group)) continue
                pair = word[i] " " word[i + 1]
                print (pair in known) ? pair : word[i]
                exit
            }
        }'
}

_vidstore() {
    local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local -a typed=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
    local command values
    COMPREPLY=()
    command=$(_vidstore_command "$program" "${typed[*]}") || return 0

    if [[ $previous == -* ]]; then
        values=$(_vidstore_options "$program" "$command" "$previous")
        case $values in
            '') ;;
            *'|'*)
                mapfile -t COMPREPLY < <(compgen -W "${values//|/ }" -- "$current")
                return 0
                ;;
            DIRECTORY)
                mapfile -t COMPREPLY < <(compgen -d -- "$current")
                return 0
                ;;
            *)
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                return 0
                ;;
        esac
    fi
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_vidstore_options "$program" "$command")" -- "$current")
        return 0
    fi

    case $command in
        '' | help)
            values=$(_vidstore_table "$program" |
                awk -F '\t' '$1 == "command" { split($2, w, " "); print w[1] }' | sort -u)
            ;;
        config)
            values=$("$program" --json config 2>/dev/null | grep -o '"name": *"[^"]*"' | cut -d '"' -f 4)
            ;;
        jobs | user | audit | key | login | grant | link | quota | collection)
            values=$(_vidstore_table "$program" |
                awk -F '\t' -v group="$command" '$1 == "command" { split($2, w, " "); if (w[1] == group) print w[2] }')
            ;;
        search) values='videos jobs files users audit' ;;
        'user role') values='viewer user admin' ;;
        ingest | submit | restore | backup)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return 0
            ;;
        *) values= ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
}

complete -F _vidstore vidstore
