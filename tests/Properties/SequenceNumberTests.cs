// RFC 9293 3.4: arithmetic modulo 2^32, which agrees with that of whole numbers as long as they are less than 2^31 apart.
using Troupe.Net.Wire;

namespace Troupe.Properties.Tests;

public sealed class SequenceNumberTests
{
    // Positions in an endless stream, near each other and near a place where the numbers wrap.
    private static readonly Gen<(long Left, long Right)> _positions =
        Gen.Select(Gen.Long[0, 1L << 40], Gen.OneOf(Gen.Long[-3, 3], Gen.Long[-int.MaxValue, int.MaxValue]), static (left, distance) => (left, left + distance));

    [Fact]
    public void NumbersAreOrderedAsThePositionsTheyStandFor() => _positions.Sample(
        static pair =>
        {
            (SequenceNumber left, SequenceNumber right) = (Of(pair.Left), Of(pair.Right));
            Assert.Equal(pair.Left < pair.Right, left < right);
            Assert.Equal(pair.Left > pair.Right, left > right);
            Assert.Equal(pair.Left <= pair.Right, left <= right);
            Assert.Equal(pair.Left >= pair.Right, left >= right);
            Assert.Equal(pair.Left == pair.Right, left == right);
        },
        iter: 10_000);

    [Fact]
    public void TheirDistanceIsThatOfThePositions() => _positions.Sample(
        static pair =>
        {
            int distance = Of(pair.Right) - Of(pair.Left);
            Assert.Equal(pair.Right - pair.Left, distance);
            Assert.Equal(Of(pair.Right), Of(pair.Left) + distance);
            Assert.Equal(Of(pair.Left), Of(pair.Right) - distance);
        },
        iter: 10_000);

    private static SequenceNumber Of(long position) => new((uint)position);
}
