using Troupe.Tools.Benchmarks;
using Troupe.Tools.Networks;

namespace Troupe.Tools.Testing.Net;

/// <summary>What is moved: by which guest, over which link, which way.</summary>
/// <param name="Processors">The guest's processors.</param>
/// <param name="Version">The IP version.</param>
/// <param name="Cell">The link.</param>
/// <param name="FromGuest">Whether the guest sends.</param>
internal sealed record TransferCase(int Processors, int Version, TransferCell Cell, bool FromGuest)
{
    public override string ToString() => FormattableString.Invariant($"{Cell.Name} {(FromGuest ? "from" : "to")} the guest, IPv{Version}, {Processors} processor(s)");
}

/// <summary>How a transfer went.</summary>
/// <param name="Guest">Whose.</param>
/// <param name="Case">Which.</param>
/// <param name="Rate">Megabytes a second.</param>
/// <param name="Silence">The guest's longest silence.</param>
/// <param name="Failure">What went wrong; null for nothing.</param>
internal sealed record Transfer(string Guest, TransferCase Case, double Rate, Silence? Silence, string? Failure)
{
    /// <summary>What a sender may wait beyond its retransmission timeout: its timers and the link's are not exact, in emulation less than ever.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(200);

    public string RateText => Failure is null ? Sample.Text(Rate, "0.00") : "failed";

    /// <summary>Whether the guest, as the sender, was silent for longer than TCP has reason to be.</summary>
    public bool IsSilentTooLong => Case.FromGuest && Silence is { } silence && silence.Excess > Grace;

    public string SilenceText => Case.FromGuest && Silence is { } silence ? FormattableString.Invariant($"{silence.Gap.TotalMilliseconds:0} of {silence.Timeout.TotalMilliseconds:0}") : string.Empty;
}
