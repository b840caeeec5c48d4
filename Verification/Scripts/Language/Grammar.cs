namespace Troupe.Verification.Scripts;

/// <summary>The words that may stand where, so that a mistyped one is found before anything runs.</summary>
internal static class Grammar
{
    private static readonly string[] _ip = ["src", "dst", "ttl", "ecn", "dscp", "bad-ip-sum", "bad-sum", "split", "without", "reversed", "ip-options", "df"];

    /// <summary>The fields of each protocol's packets.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Protocols = new Dictionary<string, string[]>
    {
        ["tcp"] =
        [
            .. _ip, "syn", "fin", "rst", "psh", "-psh", "urg", "ece", "cwr", "none", "seq", "ack", "len", "win", "mss", "wscale", "sackok", "ts", "sack", "uto", "isn", "from", "to",
            "no-mss", "no-wscale", "no-sackok", "no-ts", "no-sack", "no-uto", "urgent", "raw-options", "data",
        ],
        ["udp"] = [.. _ip, "from", "to", "len"],
        ["ip"] = [.. _ip, "proto", "len", "version"],
        ["icmp"] = [.. _ip, "echo", "echo-reply", "unreachable", "time-exceeded", "parameter-problem", "redirect", "quench", "code", "id", "number", "len", "mtu", "quote", "quote-src", "quoted"],
        ["arp"] = ["request", "reply", "probe", "announce", "sender", "target", "hardware", "to-hardware", "ethernet"],
        ["dhcp"] =
        [
            "discover", "offer", "request", "ack", "nak", "decline", "your", "server", "mask", "router", "dns", "lease", "t1", "t2", "xid", "requested", "client", "hardware", "dst",
            "no-server", "no-requested", "broadcast", "secs",
        ],
        ["icmp6"] = ["echo", "echo-reply", "solicit", "advertise", "router-solicit", "router-advertise", "too-big", "unreachable", "code", "src", "dst", "hops", "target", "hardware",
            "no-hardware", "solicited", "override", "router", "-solicited", "-override", "-router", "id", "number", "len", "bad-sum", "lifetime", "prefix", "to-hardware"],
    };

    /// <summary>The calls with the words that may stand behind each, and whether one of them is a number or a name of its own.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Calls = new Dictionary<string, string[]>
    {
        ["listen"] = ["*", "backlog"],
        ["stop-listening"] = [],
        ["accept"] = [],
        ["connect"] = ["*", "from", "to"],
        ["connected"] = [],
        ["write"] = ["*"],
        ["read"] = ["*"],
        ["close"] = [],
        ["shutdown"] = [],
        ["stop-reading"] = [],
        ["abort"] = [],
        ["set"] = ["no-delay", "keep-alive", "keep-alive-time", "keep-alive-interval", "keep-alive-probes", "user-timeout", "receive-buffer", "dscp", "hops"],
        ["open"] = [],
        ["closed"] = ["*"],
        ["state"] = ["*"],
        ["status"] = ["cwnd", "ssthresh", "rto", "srtt", "rttvar", "outstanding", "waiting", "send-window", "unread", "receive-window", "out-of-order", "segment-size", "retransmissions"],
        ["isn-moved"] = ["*"],
        ["isn-differs"] = ["*"],
        ["counter"] = ["*="],
        ["nothing"] = ["*"],
        ["watch"] = ["tcp", "udp", "ip", "icmp", "arp", "dhcp", "icmp6", "igmp"],
        ["address"] = ["*"],
    };

    public static void Check(StatementKind kind, Word protocol, IEnumerable<Word> words)
    {
        foreach (Word word in words)
        {
            if (!Protocols[protocol.Key].Contains(word.Key))
            {
                string what = kind == StatementKind.Inject ? "sent" : "expected";
                throw word.Wrong($"'{word.Key}' is no word of a packet of {protocol.Key} that is {what}; there are {string.Join(", ", Protocols[protocol.Key])}.");
            }
        }
    }

    public static void CheckCall(Word verb, IEnumerable<Word> words, Word? result)
    {
        if (!Calls.TryGetValue(verb.Key, out string[]? allowed))
            throw verb.Wrong($"'{verb.Key}' is no call; there are {string.Join(", ", Calls.Keys)}. A packet has '<' or '>' before it.");
        bool own = allowed.Contains("*");
        foreach (Word word in words)
        {
            if (allowed.Contains(word.Key) || (allowed.Contains("*=") && word.Value is not null))
                continue;
            if (!own || word.Value is not null)
                throw word.Wrong($"'{word.Key}' is no word of '{verb.Key}'{(allowed.Length == 0 ? "" : $"; there are {string.Join(", ", allowed)}")}.");
            own = false;
        }

        if (own && verb.Key is not "nothing")
            throw verb.Wrong($"'{verb.Key}' needs a word behind it, as in '{verb.Key} 80'.");
        if (result is not null && verb.Key is not ("listen" or "accept" or "connected" or "read" or "write"))
            throw result.Wrong($"'{verb.Key}' ends with nothing that could be expected.");
    }
}
