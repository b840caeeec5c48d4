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
/// </summary>
internal sealed class CardRun(Image image, NetworkTestOptions options)
{
    private const int Requests = 10_000;
    private const int Clients = 64;
    private const string Counted = "hit ";

    private static readonly TimeSpan _page = TimeSpan.FromSeconds(30);

    private static readonly (string Name, GuestMachine Machine, GuestNic Nic)[] _cards =
    [
        ("virtio-net PCI", GuestMachine.Q35, GuestNic.Virtio), ("virtio-net MMIO", GuestMachine.MicroVm, GuestNic.Virtio), ("rtl8139", GuestMachine.Q35, GuestNic.Rtl8139),
    ];

    private readonly List<string> _rows = [];
    private readonly List<string> _failures = [];

    /// <summary>Runs it, prints the table and says by its exit code whether all held.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var wanted = _cards.SelectMany(card => options.Processors.Select(processors => (card.Name, card.Machine, card.Nic, Processors: processors)))
            .Where(row => options.Only is null || Title(row.Name, row.Processors).Contains(options.Only, StringComparison.Ordinal)).ToList();
        if (wanted.Count == 0)
        {
            throw new UserError($"no test is called '{options.Only}'.", $"There are {string.Join(", ", _cards.Select(card => Title(card.Name, options.Processors[0])))}, ...");
        }

        await PrivateNetwork.CreateTapAsync(GuestOnTap.Tap, $"{GuestOnTap.HostAddress}/{GuestOnTap.PrefixLength}", cancellation).ConfigureAwait(false);
        foreach (var (name, machine, nic, processors) in wanted)
        {
            var title = Title(name, processors);
            Output.Say($"cards: {title}");
            string outcome;
            try
            {
                outcome = await LoadAsync(machine, nic, processors, cancellation).ConfigureAwait(false);
            }
            catch (UserError error) when (error.ExitCode == ExitCodes.Failure)
            {
                outcome = "FAILED";
                _failures.Add($"FAILED {title}: {error.Message}");
            }

            _rows.Add($"{title,-32} {outcome}");
        }

        _rows.ForEach(Console.WriteLine);
        _failures.ForEach(Console.WriteLine);
        Console.WriteLine($"{_rows.Count - _failures.Count} passed, {_failures.Count} failed");
        return _failures.Count == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static string Title(string name, int processors) => string.Create(CultureInfo.InvariantCulture, $"{name}, {processors} processor{(processors == 1 ? string.Empty : "s")}");

    private async Task<string> LoadAsync(GuestMachine machine, GuestNic nic, int processors, CancellationToken cancellation)
    {
        using var guest = GuestOnTap.Boot(new GuestOptions { Image = image.Elf, Machine = machine, Nic = nic, Processors = processors, CommandLine = GuestOnTap.Fixed });
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
        return counted == Requests
            ? string.Create(CultureInfo.InvariantCulture, $"{Requests} of {Requests} answered and counted in {seconds:0.0} s")
            : throw new UserError($"the guest counted {counted} requests, not {Requests}.", exitCode: ExitCodes.Failure);
    }

    private static async Task<long> CountAsync(GuestOnTap guest, CancellationToken cancellation) =>
        await GuestOnTap.TryGetAsync("/", _page, cancellation).ConfigureAwait(false) is { } page && page.StartsWith(Counted, StringComparison.Ordinal)
        && long.TryParse(page[Counted.Length..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : throw new UserError($"the guest does not say how many requests it has counted.{guest.LastWords}", exitCode: ExitCodes.Failure);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
