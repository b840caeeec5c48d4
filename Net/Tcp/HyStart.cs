// RFC 9406: HyStart++, leaving slow start before the path overflows.
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>
/// Watches the round trips of each round. When they grow, slow start goes on at a quarter of its speed for a few rounds, and ends unless they
/// shrink again.
/// </summary>
internal struct HyStart
{
    // 4.3
    private static readonly TimeSpan MinimumThreshold = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan MaximumThreshold = TimeSpan.FromMilliseconds(16);
    private const int Divisor = 8;
    private const int Samples = 8;
    private const int ConservativeGrowthDivisor = 4;
    private const int ConservativeRounds = 5;

    private bool _inRound;
    private SequenceNumber _roundEnd;
    private TimeSpan _lastMinimum;
    private TimeSpan _minimum;
    private int _samples;
    private TimeSpan _baseline;
    private int _conservativeRounds;

    private readonly bool IsConservative => _conservativeRounds > 0;

    /// <summary>Takes a sample; true when slow start is over.</summary>
    public bool Acknowledged(in CongestionSample sample)
    {
        if (!_inRound || sample.Acknowledged >= _roundEnd)
        {
            bool over = IsConservative && _inRound && ++_conservativeRounds > ConservativeRounds;
            _lastMinimum = _samples > 0 ? _minimum : TimeSpan.Zero;
            _roundEnd = sample.SendNext;
            _samples = 0;
            _inRound = true;
            if (over)
                return true;
        }

        if (sample.RoundTrip is not { } roundTrip)
            return false;
        _minimum = _samples == 0 || roundTrip < _minimum ? roundTrip : _minimum;
        _samples++;
        if (_samples < Samples)
            return false;
        if (IsConservative)
        {
            if (_minimum < _baseline)
                _conservativeRounds = 0;
        }
        else if (_lastMinimum > TimeSpan.Zero)
        {
            TimeSpan threshold = _lastMinimum / Divisor;
            threshold = threshold < MinimumThreshold ? MinimumThreshold : threshold > MaximumThreshold ? MaximumThreshold : threshold;
            if (_minimum >= _lastMinimum + threshold)
            {
                _baseline = _minimum;
                _conservativeRounds = 1;
            }
        }

        return false;
    }

    /// <summary>
    /// What an acknowledgement of so many segments adds to the window. 4.2 has a sender that does not pace count eight at most (L); but a receiver that takes many segments
    /// in a turn, as we do, acknowledges them at once, and those of a turn are answered at once in any case. So all count, as in Linux.
    /// </summary>
    public readonly double Increase(double segments) => segments / (IsConservative ? ConservativeGrowthDivisor : 1);
}
