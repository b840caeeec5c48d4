using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Xen;

namespace Troupe.Tools.Testing.Xen;

/// <summary>
/// Bytes out of the guest over a Xen network card, once as the two halves agree upon and once in frames of the link's size: what each took is shown side by side. Behind the
/// first, requests of many connections must be answered by both queues.
/// </summary>
internal static class XenTransfers
{
    /// <summary>Begins each line of what was measured.</summary>
    public const string Mark = $"{DomainZeroScripts.OwnMark}net: ";

    private const int Bytes = 16 * 1024 * 1024;

    // A segment of the link's size has about 1,460 bytes; with large packets the mean is to be well above it.
    private const int FewestBytesOfLarge = 4 * 1460;

    private const int Processors = 2, Requests = 10_000, RequestsAtATime = 16;

    /// <summary>Begins the counters behind the requests.</summary>
    private const string Asked = "asked: ";

    private const string Guest = DomainZeroScripts.GuestAddress;

    /// <summary>The cases; <paramref name="words"/> are the guest's for the network, and <paramref name="wait"/> is the first domain's way to wait for its page.</summary>
    public static IEnumerable<(string Name, XenGuestOptions Options, Action<IReadOnlyList<string>> Check)> Cases(string benchmark, string words, string wait)
    {
        foreach (var isCut in (bool[])[true, false])
        {
            yield return (
                $"16 MB to the first domain, {(isCut ? "large packets cut by the other half" : "in frames of the link's size")}",
                new XenGuestOptions { Image = benchmark, Processors = Processors, CommandLine = isCut ? words : $"{words} offloads=none", Meanwhile = $"{wait}\n{Transfer(isCut ? Ask : string.Empty)}\nxl shutdown guest >/dev/null" },
                lines => Check(lines, isCut));
        }
    }

    // A page's length is as long as its numbers.
    private static string Ask => $$"""
        ab -l -q -n {{Requests}} -c {{RequestsAtATime}} -s 60 http://{{Guest}}:8080/ | grep -E '^(Complete|Failed) requests|^Time taken' | tr -s ' ' | sed 's/^/{{Mark}}/'
        wget -qO- http://{{Guest}}:8080/network | grep -E '^device' | sed 's/^/{{Mark}}{{Asked}}/'
        """;

    private static string Transfer(string ask) => $$"""
        now() { cut -d' ' -f1 /proc/uptime; }
        a=$(now); wget -qO /tmp/bytes 'http://{{Guest}}:8080/bytes?count={{Bytes}}'; b=$(now)
        say "net: $(wc -c </tmp/bytes) bytes from $a to $b s"
        wget -qO- http://{{Guest}}:8080/network | grep -E '^device' | sed 's/^/{{Mark}}/'
        {{ask}}
        """;

    private static void Check(IReadOnlyList<string> lines, bool isCut)
    {
        XenTest.Require(lines, $"{Mark}{Bytes} bytes from ");
        if (isCut)
        {
            CheckQueues(lines);
        }

        var (sent, segmented) = (Count(lines, "device.transmitted"), Count(lines, "device.transmitted.segmented"));
        if (isCut ? segmented == 0 || Bytes / sent < FewestBytesOfLarge : segmented > 0)
        {
            throw new UserError($"{Bytes} bytes left in {sent} frames, {segmented} of them to be cut");
        }
    }

    private static void CheckQueues(IReadOnlyList<string> lines)
    {
        XenTest.Require(lines, $"{Mark}Complete requests: {Requests}");
        XenTest.Require(lines, $"{Mark}Failed requests: 0");
        for (var queue = 0; queue < Processors; queue++)
        {
            // Queue N interrupts processor N. What leaves by a queue is ours to choose: a quarter of its fair share is not much. What comes by one is netback's.
            if (Count(lines, $"{Asked}device.pair.{queue}.transmitted") < Requests / (4 * Processors) || Count(lines, $"{Asked}device.pair.{queue}.received") == 0 || Count(lines, $"{Asked}device.pair.{queue}.interrupts") == 0)
            {
                throw new UserError($"queue {queue} of {Processors} was hardly used");
            }
        }
    }

    private static long Count(IReadOnlyList<string> lines, string name)
    {
        var start = $"{Mark}{name} ";
        var line = lines.FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal)) ?? throw new UserError($"no line has '{start}'");
        return long.Parse(line.AsSpan(start.Length), CultureInfo.InvariantCulture);
    }
}
