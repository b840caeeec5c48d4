using Troupe.Tools.Networks;

namespace Troupe.Tools.Testing.Net;

/// <summary>A row of <c>troupe test net</c>: what the link does, and how many bytes must cross it unharmed within a minute.</summary>
/// <param name="Name">The name, for <c>--filter</c>.</param>
/// <param name="Impairment">What the link does.</param>
/// <param name="Bytes">What is transferred each way.</param>
/// <param name="Mtu">The MTU of Linux's end.</param>
public sealed record TransferCell(string Name, Impairment Impairment, long Bytes, int Mtu = 1500)
{
    private const long Megabyte = 1 << 20;
    private const int Combinations = 10;
    private const int Headers = 40;
    private const long Unit = 1 << 16;

    /// <summary>What a mixture may take by the formula below, so that its minute is enough also where TCP does half of that.</summary>
    private const double SecondsByFormula = 25;

    /// <summary>Whether IPv6 may cross this link.</summary>
    public bool TakesIpv6 => Mtu >= NetworkLab.SmallestIpv6Mtu;

    /// <summary>Each impairment alone, then seeded mixtures of them.</summary>
    public static IReadOnlyList<TransferCell> All(int seed, long cleanBytes)
    {
        var none = new Impairment { Seed = seed };
        List<TransferCell> cells =
        [
            new("clean", none, cleanBytes),
            new("loss-1", none with { Loss = 0.01 }, 32 * Megabyte),
            new("loss-5", none with { Loss = 0.05 }, 8 * Megabyte),
            new("reorder-10", none with { Reordering = 0.10 }, 32 * Megabyte),
            new("duplicate-5", none with { Duplication = 0.05 }, 64 * Megabyte),
            new("corrupt-1", none with { Corruption = 0.01 }, 32 * Megabyte),
            new("delay-200", none with { Delay = TimeSpan.FromMilliseconds(200) }, 16 * Megabyte),
            new("mtu-576", none, 32 * Megabyte, 576),
            // IPv6's least, as 576 is IPv4's.
            new("mtu-1280", none, 32 * Megabyte, NetworkLab.SmallestIpv6Mtu),
            new("mtu-9000", none, 64 * Megabyte, 9000),
        ];
        var random = new Random(seed);
        double Some(double most) => random.Next(3) == 0 ? 0 : Math.Round(random.NextDouble() * most, 3);
        for (var number = 1; number <= Combinations; number++)
        {
            var mixed = new Impairment
            {
                Loss = Some(0.03),
                Reordering = Some(0.10),
                Duplication = Some(0.05),
                Corruption = Some(0.01),
                Delay = TimeSpan.FromMilliseconds(random.Next(3) * 20),
                Seed = seed + number,
            };
            var mtu = ((int[])[576, 1500, 1500])[random.Next(3)];
            cells.Add(new($"mixed-{number}", mixed, BytesFor(mixed, mtu), mtu));
        }

        return cells;
    }

    /// <summary>
    /// What crosses a mixture: 4 MB, or less where loss-driven congestion control (Mathis, Semke, Mahdavi, Ott: "The Macroscopic Behavior of the TCP Congestion Avoidance Algorithm", 1997: segment size over
    /// round trip, times the root of 1.5 over the part that is lost) would not get so much across. Small segments over a long and lossy path are slow by that law, whoever sends them.
    /// </summary>
    private static long BytesFor(Impairment impairment, int mtu)
    {
        var lost = impairment.Loss + impairment.Corruption;
        var roundTrip = 2 * impairment.Delay.TotalSeconds;
        if (lost == 0 || roundTrip == 0)
        {
            return 4 * Megabyte;
        }

        var rate = (mtu - Headers) / roundTrip * Math.Sqrt(1.5 / lost);
        return Math.Min(4 * Megabyte, (long)(rate * SecondsByFormula) / Unit * Unit);
    }
}
