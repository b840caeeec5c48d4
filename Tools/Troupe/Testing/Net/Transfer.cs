using Troupe.Tools.Benchmarks;
using Troupe.Tools.Networks;

namespace Troupe.Tools.Testing.Net;

/// <summary>What is moved: by which guest, over which link, which way.</summary>
/// <param name="Processors">The guest's processors.</param>
/// <param name="Version">The IP version.</param>
/// <param name="Cell">The link.</param>
/// <param name="FromGuest">Whether the guest sends.</param>
public sealed record TransferCase(int Processors, int Version, TransferCell Cell, bool FromGuest)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Cell.Name} {(FromGuest ? "from" : "to")} the guest, IPv{Version}, {Processors} processor(s)");
}

/// <summary>How a transfer went.</summary>
/// <param name="Guest">Whose.</param>
/// <param name="Case">Which.</param>
/// <param name="Rate">Megabytes a second.</param>
/// <param name="Silence">The guest's longest silence.</param>
/// <param name="Failure">What went wrong; null for nothing.</param>
public sealed record Transfer(string Guest, TransferCase Case, double Rate, Silence? Silence, string? Failure)
{
    /// <summary>What a sender may wait beyond its retransmission timeout: its timers and the link's are not exact, in emulation less than ever.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(200);

    /// <summary>What our goodput may be at least, of the Linux guest's over the same link.</summary>
    public const double LeastGoodput = 0.8;

    /// <summary>The rate as it is printed.</summary>
    public string RateText => Failure is null ? Sample.Text(Rate, "0.00") : "failed";

    /// <summary>Whether the guest, as the sender, was silent for longer than TCP has reason to be.</summary>
    public bool IsSilentTooLong => Case.FromGuest && Silence is { } silence && silence.Excess > Grace;

    /// <summary>The longest silence of a guest that sends, and the timeout it is compared with.</summary>
    public string SilenceText => Case.FromGuest && Silence is { } silence ? FormattableString.Invariant($"{silence.Gap.TotalMilliseconds:0} of {silence.Timeout.TotalMilliseconds:0}") : string.Empty;

    /// <summary>Of repetitions the median. One that failed is the outcome, and of the silences the longest.</summary>
    public static Transfer MedianOf(IReadOnlyList<Transfer> done)
    {
        if (done.FirstOrDefault(one => one.Failure is not null) is { } failed)
        {
            return failed;
        }

        List<Transfer> sorted = [.. done.OrderBy(one => one.Rate)];
        return sorted[sorted.Count / 2] with { Silence = sorted.MaxBy(one => one.Silence?.Excess)!.Silence };
    }

    /// <summary>The goodput as a part of the Linux guest's; null where one of them failed.</summary>
    public double? RatioTo(Transfer? linux) => linux is { Failure: null } && Failure is null ? Rate / linux.Rate : null;

    /// <summary>Whether it misses the bar by its goodput.</summary>
    public bool IsTooSlow(Transfer linux) => RatioTo(linux) < LeastGoodput;
}
