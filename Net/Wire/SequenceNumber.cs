// RFC 9293 3.4: sequence numbers, arithmetic modulo 2^32.
namespace Troupe.Net.Wire;

/// <summary>A position in TCP's sequence space; comparisons hold for numbers less than 2^31 apart.</summary>
/// <param name="Value">The 32-bit number.</param>
public readonly record struct SequenceNumber(uint Value)
{
    /// <summary>The number some octets further on.</summary>
    public static SequenceNumber operator +(SequenceNumber left, int octets) => new(left.Value + (uint)octets);

    /// <summary>The number some octets back.</summary>
    public static SequenceNumber operator -(SequenceNumber left, int octets) => new(left.Value - (uint)octets);

    /// <summary>The signed distance from the right to the left number.</summary>
    public static int operator -(SequenceNumber left, SequenceNumber right) => (int)(left.Value - right.Value);

    /// <summary>Earlier in the stream.</summary>
    public static bool operator <(SequenceNumber left, SequenceNumber right) => left - right < 0;

    /// <summary>Later in the stream.</summary>
    public static bool operator >(SequenceNumber left, SequenceNumber right) => left - right > 0;

    /// <summary>Earlier or the same.</summary>
    public static bool operator <=(SequenceNumber left, SequenceNumber right) => left - right <= 0;

    /// <summary>Later or the same.</summary>
    public static bool operator >=(SequenceNumber left, SequenceNumber right) => left - right >= 0;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
