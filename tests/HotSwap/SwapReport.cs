using System.Globalization;

namespace Troupe.HotSwap.Tests;

/// <summary>What a run came to, and the bars it is held against.</summary>
internal sealed record SwapReport
{
    internal static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(1);

    internal required int Swaps { get; init; }

    internal required int RolledBack { get; init; }

    internal required long Sent { get; init; }

    internal required long Handled { get; init; }

    internal required long Lost { get; init; }

    internal required long Doubled { get; init; }

    /// <summary>Contexts that should be gone.</summary>
    internal required int Contexts { get; init; }

    /// <summary>Those that are not.</summary>
    internal required int Alive { get; init; }

    /// <summary>Full collections that were asked for.</summary>
    internal required int Collections { get; init; }

    /// <summary>Export and import, as the runtime measures them.</summary>
    internal required Times HandOvers { get; init; }

    /// <summary>From the end of the old behaviour's last message to the beginning of the new one's first.</summary>
    internal required Times Gaps { get; init; }

    /// <summary>The same between two messages of one behaviour, at random moments.</summary>
    internal required Times GapsWithoutSwap { get; init; }

    internal bool KeptEveryMessage => Handled == Sent && Lost == 0 && Doubled == 0;

    internal bool LetGo => Alive == 0;

    internal bool IsShort => Gaps.At(0.99) <= LongestPause;

    /// <summary>The row of the table in docs/benchmarks.md, whose columns are <see cref="Columns"/>.</summary>
    internal string Row => string.Create(
        CultureInfo.InvariantCulture,
        $"| {Swaps:N0}, {RolledBack:N0} rolled back | {Sent:N0} | {Sent - Handled:N0}, {Lost:N0}, {Doubled:N0} | {Contexts - Alive:N0} of {Contexts:N0} after {Collections} | {Gaps} | {GapsWithoutSwap} | {HandOvers} |");

    internal static string Columns =>
        "| swaps | messages | not handled, lost or overtaken, doubled or late | contexts collected, full collections | gap of a swap | gap without a swap | of that, export and import |\n" +
        "|---|---|---|---|---|---|---|";

    internal IEnumerable<(string Bar, bool Met)> Bars =>
    [
        ($"{Swaps:N0} swaps, {RolledBack:N0} rolled back: no message lost, none twice, order kept", KeptEveryMessage),
        ($"{Swaps:N0} swaps, {RolledBack:N0} rolled back: every old context collected after at most 10 full collections", LetGo),
        (string.Create(CultureInfo.InvariantCulture, $"{Swaps:N0} swaps, {RolledBack:N0} rolled back: gap p99 {Gaps.At(0.99).TotalMicroseconds:N0} us, at most {LongestPause.TotalMicroseconds:N0} us"), IsShort),
    ];

    /// <summary>Durations, sorted.</summary>
    internal sealed class Times(IEnumerable<TimeSpan> times)
    {
        private readonly TimeSpan[] _sorted = [.. times.Order()];

        internal int Count => _sorted.Length;

        internal TimeSpan At(double part) => _sorted.Length == 0 ? TimeSpan.MaxValue : _sorted[(int)Math.Ceiling(part * _sorted.Length) - 1];

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"p50 {At(0.5).TotalMicroseconds:N1} us, p99 {At(0.99).TotalMicroseconds:N0} us, max {At(1).TotalMicroseconds:N0} us ({Count:N0})");
    }
}
