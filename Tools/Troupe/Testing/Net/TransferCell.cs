using Troupe.Tools.Networks;

namespace Troupe.Tools.Testing.Net;

/// <summary>A row of <c>troupe test net</c>: what the link does, and how many bytes must cross it unharmed within a minute.</summary>
/// <param name="Name">The name, for <c>--only</c>.</param>
/// <param name="Impairment">What the link does.</param>
/// <param name="Bytes">What is transferred each way.</param>
/// <param name="Mtu">The MTU of Linux's end.</param>
internal sealed record TransferCell(string Name, Impairment Impairment, long Bytes, int Mtu = 1500)
{
    private const long Megabyte = 1 << 20;
    private const int Combinations = 10;

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
            cells.Add(new($"mixed-{number}", mixed, 4 * Megabyte, ((int[])[576, 1500, 1500])[random.Next(3)]));
        }

        return cells;
    }
}
