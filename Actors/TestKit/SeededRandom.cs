// Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014 (SplitMix64).
namespace Troupe.Actors.TestKit;

/// <summary>Numbers that follow from a seed alone: our own, so that a seed means the same under every version of .NET.</summary>
internal sealed class SeededRandom(int seed)
{
    private ulong _state = (ulong)seed;

    /// <summary>A number from 0 up to and without <paramref name="bound"/>.</summary>
    internal int Next(int bound) => (int)((NextBits() >> 32) * (ulong)bound >> 32);

    private ulong NextBits()
    {
        _state += 0x9E37_79B9_7F4A_7C15;
        ulong bits = _state;
        bits = (bits ^ (bits >> 30)) * 0xBF58_476D_1CE4_E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D0_49BB_1331_11EB;
        return bits ^ (bits >> 31);
    }
}
