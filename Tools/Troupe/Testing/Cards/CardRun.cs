using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Commands;
using Troupe.Tools.Guests;
using Troupe.Tools.Networks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing.Attacks;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Cards;

/// <summary>
/// <c>troupe test cards</c>: the same image with each network card and number of processors, 10,000 requests by 64 clients on a tap. Each must be answered, and the guest's own count must agree.
/// With several queue pairs each must have moved its part; that the guest of Apps/Benchmark says, which has the same page.
/// </summary>
internal sealed class CardRun(Image hello, Image benchmark, NetworkTestOptions options)
{
    private const int Requests = 10_000;
    private const int Clients = 64;
    private const string Counted = "hit ";

    private static readonly TimeSpan _page = TimeSpan.FromSeconds(30);

    /// <summary>What of the frames a pair must move at least, where all moved the same it would be one in as many as there are pairs.</summary>
    private const int LeastShare = 4;

    private static readonly Card[] _cards =
    [
        new("virtio-net PCI", GuestMachine.Q35, GuestNic.Virtio), new("virtio-net MMIO", GuestMachine.MicroVm, GuestNic.Virtio), new("rtl8139", GuestMachine.Q35, GuestNic.Rtl8139),
        new("virtio-net PCI, a queue pair each", GuestMachine.Q35, GuestNic.Virtio) { HasPairs = true },
        new("virtio-net PCI, packed rings", GuestMachine.Q35, GuestNic.Virtio) { IsPacked = true },
    ];

    private readonly List<string> _rows = [];
    private readonly List<string> _failures = [];

    /// <summary>Runs it, prints the table and says by its exit code whether all held.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var rows = _cards.SelectMany(card => options.Processors.Where(processors => !card.HasPairs || processors > 1).Select(processors => (Card: card, Processors: processors))).ToList();
        var wanted = rows.Where(row => options.Only is null || Title(row.Card, row.Processors).Contains(options.Only, StringComparison.Ordinal)).ToList();
        if (wanted.Count == 0)
        {
            throw new UserError($"no test is called '{options.Only}'.", $"There are: {string.Join("; ", rows.Select(row => Title(row.Card, row.Processors)))}.");
        }

        foreach (var (card, processors) in wanted)
        {
            var title = Title(card, processors);
            Output.Say($"cards: {title}");
            string outcome;
            await PrivateNetwork.CreateTapAsync(GuestOnTap.Tap, $"{GuestOnTap.HostAddress}/{GuestOnTap.PrefixLength}", cancellation, severalQueues: card.HasPairs).ConfigureAwait(false);
            try
            {
                outcome = await LoadAsync(card, processors, cancellation).ConfigureAwait(false);
            }
            catch (UserError error) when (error.ExitCode == ExitCodes.Failure)
            {
                outcome = "FAILED";
                _failures.Add($"FAILED {title}: {error.Message}");
            }

            await PrivateNetwork.MustAsync(cancellation, "ip", "link", "delete", GuestOnTap.Tap).ConfigureAwait(false);
            _rows.Add($"{title,-50} {outcome}");
        }

        _rows.ForEach(Console.WriteLine);
        _failures.ForEach(Console.WriteLine);
        Console.WriteLine($"{_rows.Count - _failures.Count} passed, {_failures.Count} failed");
        return _failures.Count == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static string Title(Card card, int processors) => string.Create(CultureInfo.InvariantCulture, $"{card.Name}, {processors} processor{(processors == 1 ? string.Empty : "s")}");

    private async Task<string> LoadAsync(Card card, int processors, CancellationToken cancellation)
    {
        using var guest = GuestOnTap.Boot(
            new GuestOptions
            {
                Image = (card.HasPairs ? benchmark : hello).Elf,
                Machine = card.Machine,
                Nic = card.Nic,
                Processors = processors,
                CommandLine = GuestOnTap.Fixed,
                Extra = card.IsPacked ? ["-global", "virtio-net-pci.packed=on"] : [],
            },
            card.HasPairs ? processors : 1);
        await guest.AnswersAsync(cancellation).ConfigureAwait(false);
        var before = await CountAsync(guest, cancellation).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        var load = await HostProcess.CaptureAsync(
            "h2load", ["--h1", "-n", Number(Requests), "-c", Number(Clients), $"http://{GuestOnTap.EndPoint}/"], cancellation).ConfigureAwait(false);
        var seconds = clock.Elapsed.TotalSeconds;
        if (load.ExitCode != 0 || !load.Output.Contains($"{Number(Requests)} succeeded, 0 failed, 0 errored, 0 timeout", StringComparison.Ordinal))
        {
            throw new UserError($"h2load says:\n{load.Output.TrimEnd()}{guest.LastWords}", exitCode: ExitCodes.Failure);
        }

        // The page that asks is counted as well.
        var counted = await CountAsync(guest, cancellation).ConfigureAwait(false) - before - 1;
        var outcome = counted == Requests
            ? string.Create(CultureInfo.InvariantCulture, $"{Requests} of {Requests} answered and counted in {seconds:0.0} s")
            : throw new UserError($"the guest counted {counted} requests, not {Requests}.", exitCode: ExitCodes.Failure);
        return card.HasPairs ? $"{outcome}; {await SpreadAsync(guest, processors, cancellation).ConfigureAwait(false)}" : outcome;
    }

    /// <summary>What each pair moved; pair N interrupts processor N.</summary>
    private static async Task<string> SpreadAsync(GuestOnTap guest, int pairs, CancellationToken cancellation)
    {
        var report = await guest.ReportAsync(collect: false, cancellation).ConfigureAwait(false);
        List<string> parts = [];
        for (var pair = 0; pair < pairs; pair++)
        {
            var name = $"device.pair.{Number(pair)}";
            var (received, transmitted, interrupts) = (report[$"{name}.received"], report[$"{name}.transmitted"], report[$"{name}.interrupts"]);
            if (received * pairs * LeastShare < report["device.received"] || transmitted * pairs * LeastShare < report["device.transmitted"] || interrupts == 0)
            {
                throw new UserError($"pair {pair} of {pairs} received {received} frames, sent {transmitted} and interrupted {interrupts} times.{guest.LastWords}", exitCode: ExitCodes.Failure);
            }

            parts.Add(string.Create(CultureInfo.InvariantCulture, $"processor {pair}: {received} frames in, {transmitted} out, {interrupts} interrupts"));
        }

        return string.Join("; ", parts);
    }

    private static async Task<long> CountAsync(GuestOnTap guest, CancellationToken cancellation) =>
        await GuestOnTap.TryGetAsync("/", _page, cancellation).ConfigureAwait(false) is { } page && page.StartsWith(Counted, StringComparison.Ordinal)
        && long.TryParse(page[Counted.Length..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : throw new UserError($"the guest does not say how many requests it has counted.{guest.LastWords}", exitCode: ExitCodes.Failure);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private sealed record Card(string Name, GuestMachine Machine, GuestNic Nic)
    {
        /// <summary>Whether it has a queue pair for each processor.</summary>
        public bool HasPairs { get; init; }

        /// <summary>Whether it offers packed rings.</summary>
        public bool IsPacked { get; init; }
    }
}
