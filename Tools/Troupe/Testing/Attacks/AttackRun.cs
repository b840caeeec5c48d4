using System.Globalization;
using Troupe.Tools.Commands;
using Troupe.Tools.Networks;
using Troupe.Tools.Networks.Attacks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Attacks;

/// <summary>
/// <c>troupe test attack</c>: a guest is attacked while an honest client asks it for pages. All of these must be answered in time, every frame must be in one of the
/// guest's counters, and its memory must stay where it was.
/// </summary>
internal sealed class AttackRun(Image image, NetworkTestOptions options)
{
    private const int GuestMemory = 256;
    private const long Megabyte = 1 << 20;

    // The collector keeps room for the next burst; what the tables hold is far less.
    private const long MostResident = GuestMemory * Megabyte * 3 / 4;

    // The streams' pool keeps 16 MiB of blocks for the next connections; the rest is for the tables, which keep their size.
    private const long MoreHeap = 24 * Megabyte;
    private const int MoreActors = 4;
    private static readonly TimeSpan _settling = TimeSpan.FromSeconds(180);

    private readonly List<(string Name, int Processors, string? Failure)> _results = [];
    private readonly List<IReadOnlyList<string>> _rows = [];

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var attacks = Attack.All(options.Frames).Where(attack => options.Only is null || attack.Name.Contains(options.Only, StringComparison.Ordinal)).ToList();
        if (attacks.Count == 0)
        {
            throw new UserError($"no attack is called '{options.Only}'.", $"There are {string.Join(", ", Attack.All(0).Select(attack => attack.Name))}.");
        }

        Output.Say($"attack: seed {options.Seed}");
        await PrivateNetwork.CreateTapAsync(GuestOnTap.Tap, $"{GuestOnTap.HostAddress}/{GuestOnTap.PrefixLength}", cancellation).ConfigureAwait(false);
        await PrivateNetwork.MustAsync(cancellation, "ip", "address", "add", $"{AttackScene.AttackerAddress}/{GuestOnTap.PrefixLength}", "dev", GuestOnTap.Tap).ConfigureAwait(false);
        await PrivateNetwork.MustAsync(cancellation, "ip", "link", "set", GuestOnTap.Tap, "txqueuelen", "20000").ConfigureAwait(false);
        foreach (var processors in options.Processors)
        {
            await RunAsync(processors, attacks, cancellation).ConfigureAwait(false);
        }

        return Print();
    }

    private async Task RunAsync(int processors, List<Attack> attacks, CancellationToken cancellation)
    {
        GuestOnTap? guest = null;
        try
        {
            GuestReport? start = null;
            foreach (var attack in attacks)
            {
                if (guest is null)
                {
                    guest = GuestOnTap.Boot(image, processors, GuestMemory);
                    await guest.AnswersAsync(cancellation).ConfigureAwait(false);
                    start = await StartedAsync(guest, cancellation).ConfigureAwait(false);
                }

                var failure = await RunAsync(guest, processors, attack, cancellation).ConfigureAwait(false);
                _results.Add((attack.Name, processors, failure));
                if (failure is not null)
                {
                    // A guest that failed must not fail the next attack as well.
                    Output.Say($"attack: {attack.Name} FAILED: {failure}");
                    guest.Dispose();
                    guest = null;
                }
            }

            if (guest is not null)
            {
                _results.Add(("afterwards", processors, await SettlesAsync(guest, start!, processors, cancellation).ConfigureAwait(false)));
            }
        }
        finally
        {
            guest?.Dispose();
        }
    }

    // RFC 4862: a link-local address takes a second or two, because somebody may have it.
    private static async Task<GuestReport> StartedAsync(GuestOnTap guest, CancellationToken cancellation)
    {
        GuestReport report;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        do
        {
            await Task.Delay(500, cancellation).ConfigureAwait(false);
            report = await guest.ReportAsync(collect: true, cancellation).ConfigureAwait(false);
        }
        while (report.Text("link-local") is null && clock.Elapsed < TimeSpan.FromSeconds(30));
        return report;
    }

    private async Task<string?> RunAsync(GuestOnTap guest, int processors, Attack attack, CancellationToken cancellation)
    {
        var before = await guest.ReportAsync(collect: true, cancellation).ConfigureAwait(false);
        if (before.Text("link-local") is not { } linkLocal)
        {
            return "the guest has no link-local address";
        }

        using var scene = new AttackScene(options.Seed, AttackTarget.V6(linkLocal));
        var honest = new HonestClient();
        using var over = new CancellationTokenSource();
        var asking = honest.RunAsync(over.Token, cancellation);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        string? failure;
        try
        {
            failure = await attack.RunAsync(scene, cancellation).ConfigureAwait(false);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
        }

        var took = clock.Elapsed;
        await asking.ConfigureAwait(false);
        if (!guest.IsAlive)
        {
            return $"the guest ended.{guest.LastWords}";
        }

        var after = await QuietAsync(guest, cancellation).ConfigureAwait(false);
        var arrived = after["device.received"] + Dropped(after) - before["device.received"] - Dropped(before);
        var missing = LayerLedger.Of(name => after[name] - before[name]).Where(ledger => ledger.Missing > 0).Select(ledger => $"{ledger.Layer} does not know what became of {ledger.Missing}");
        failure ??= honest.Answered < honest.Asked ? $"{honest.Asked - honest.Answered} of {honest.Asked} pages did not come within {HonestClient.Limit.TotalSeconds:0} s"
            : arrived + scene.Lost < scene.Sent ? $"{scene.Sent} frames were sent, {scene.Lost} did not get to the card, and it counted {arrived}"
            : missing.FirstOrDefault()
            ?? (after["failures"] > before["failures"] ? $"{after["failures"] - before["failures"]} actors failed" : null)
            ?? (honest.MostResident > MostResident ? $"{honest.MostResident / Megabyte} MB were in use" : null)
            ?? attack.Check?.Invoke(before, after);
        string Mb(long octets) => (octets / (double)Megabyte).ToString("0.0", CultureInfo.InvariantCulture);
        _rows.Add(
        [
            $"{processors}", attack.Name, $"{scene.Sent}", scene.Sent == 0 ? string.Empty : $"{scene.Sent / took.TotalSeconds:0}", $"{honest.Answered}/{honest.Asked}",
            $"{honest.Longest.TotalMilliseconds:0}", Mb(honest.MostResident), $"{Mb(before["heap-octets"])} -> {Mb(after["heap-octets"])}", failure is null ? "passed" : "FAILED",
        ]);
        Output.Say($"attack: {processors} processor(s), {attack.Name}, {took.TotalSeconds:0} s: {scene.Sent} frames, {scene.Lost} lost before the card; {honest.Answered} of {honest.Asked} pages, the slowest {honest.Longest.TotalMilliseconds:0} ms; dropped: {after.DroppedSince(before)}");
        return failure is null ? null : failure + guest.LastWords;
    }

    // Until nothing arrives any more but the reports themselves.
    private static async Task<GuestReport> QuietAsync(GuestOnTap guest, CancellationToken cancellation)
    {
        const int OwnFrames = 64;
        var before = await guest.ReportAsync(collect: false, cancellation).ConfigureAwait(false);
        for (var attempt = 0; attempt < 20; attempt++)
        {
            await Task.Delay(500, cancellation).ConfigureAwait(false);
            var now = await guest.ReportAsync(collect: true, cancellation).ConfigureAwait(false);
            if (now["device.received"] - before["device.received"] < OwnFrames)
            {
                return now;
            }

            before = now;
        }

        return before;
    }

    private static long Dropped(GuestReport report) =>
        report["device.dropped.ClientBusy"] + report["device.dropped.NoBatch"] + report["device.dropped.Malformed"];

    // Half-open connections, fragments and questions have their end, the longest that of connections whose peer does not answer any more.
    private static async Task<string?> SettlesAsync(GuestOnTap guest, GuestReport start, int processors, CancellationToken cancellation)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        GuestReport now;
        string? failure;
        do
        {
            await Task.Delay(2000, cancellation).ConfigureAwait(false);
            now = await guest.ReportAsync(collect: true, cancellation).ConfigureAwait(false);
            failure = now["actors"] > start["actors"] + MoreActors ? $"{now["actors"]} actors, {start["actors"]} at the start"
                : now["frames-rented"] > start["frames-rented"] + 16 ? $"{now["frames-rented"]} frames rented, {start["frames-rented"]} at the start"
                : now["heap-octets"] > start["heap-octets"] + MoreHeap ? $"{now["heap-octets"] / Megabyte} MB of heap, {start["heap-octets"] / Megabyte} at the start"
                : null;
        }
        while (failure is not null && clock.Elapsed < _settling);
        Output.Say(
            $"attack: {processors} processor(s), afterwards, {clock.Elapsed.TotalSeconds:0} s: actors {start["actors"]} -> {now["actors"]}, connections {start["connections"]} -> {now["connections"]}, frames rented {start["frames-rented"]} -> {now["frames-rented"]}, " +
            $"heap {start["heap-octets"] / 1024} -> {now["heap-octets"] / 1024} KB, resident {start["resident-octets"] / Megabyte} -> {now["resident-octets"] / Megabyte} MB");
        return failure;
    }

    private int Print()
    {
        Output.Table(["processors", "attack", "frames", "a second", "pages", "slowest ms", "most MB", "heap MB", ""], _rows);
        foreach (var (name, processors, failure) in _results.Where(result => result.Failure is not null))
        {
            Console.WriteLine($"FAILED {name}, {processors} processor(s): {failure}");
        }

        var failed = _results.Count(result => result.Failure is not null);
        Console.WriteLine($"{_results.Count - failed} passed, {failed} failed");
        return failed == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }
}
