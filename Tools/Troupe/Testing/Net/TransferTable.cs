using Troupe.Tools.Benchmarks;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Testing.Net;

/// <summary>The end of <c>troupe test net</c>: a line a transfer with the Linux guest's beside, what missed which bar, and the count.</summary>
internal static class TransferTable
{
    /// <summary>Prints it.</summary>
    /// <returns>How many transfers failed, were too slow, or too silent.</returns>
    public static int Print(IReadOnlyList<Transfer> ours, IReadOnlyList<Transfer> peers)
    {
        var linuxByCase = peers.ToDictionary(transfer => transfer.Case);
        List<string> failures = [];
        List<IReadOnlyList<string>> rows = [];
        foreach (var transfer in ours)
        {
            var (cell, linux) = (transfer.Case.Cell, linuxByCase.GetValueOrDefault(transfer.Case));
            var ratio = transfer.RatioTo(linux);
            rows.Add(
            [
                $"{transfer.Case.Processors}", $"{transfer.Case.Version}", cell.Name, $"{cell.Impairment}{(cell.Mtu == 1500 ? string.Empty : $", MTU {cell.Mtu}")}",
                transfer.Case.FromGuest ? "from" : "to", FormattableString.Invariant($"{cell.Bytes / 1048576.0:0.#} MB"), transfer.RateText, linux?.RateText ?? string.Empty,
                ratio is { } part ? Sample.Text(part, "0.00") : string.Empty, transfer.SilenceText, linux?.SilenceText ?? string.Empty,
            ]);
            List<string> reasons = [];
            if (transfer.Failure is { } failure)
            {
                reasons.Add(failure);
            }

            if (linux?.Failure is { } missing)
            {
                reasons.Add($"nothing to compare with, the Linux guest failed: {missing}");
            }

            if (linux is not null && transfer.IsTooSlow(linux))
            {
                reasons.Add(FormattableString.Invariant($"{ratio:0.00} of the Linux guest's goodput; {Transfer.LeastGoodput} is the least"));
            }

            if (transfer.IsSilentTooLong)
            {
                reasons.Add($"silent for {transfer.SilenceText} ms of its retransmission timeout");
            }

            if (reasons.Count > 0)
            {
                failures.Add($"FAILED {transfer.Case}: {string.Join("; ", reasons)}");
            }
        }

        Output.Table(["processors", "IP", "link", "what it does", "guest", "bytes", "troupe MB/s", "linux MB/s", "to linux", "silence, ms", "linux"], rows);
        failures.ForEach(Console.WriteLine);
        return failures.Count;
    }
}
