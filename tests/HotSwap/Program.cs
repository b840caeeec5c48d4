using System.Globalization;
using Troupe.HotSwap.Tests;

// `troupe bench swap`: prints the table of docs/benchmarks.md, then a line a bar. Usage: [swaps]
int swaps = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000;
// Warms up what both runs share.
await new SwapsUnderLoad(20, failEvery: 5).RunAsync();
SwapReport plain = await new SwapsUnderLoad(swaps, failEvery: 0).RunAsync();
SwapReport failing = await new SwapsUnderLoad(swaps, failEvery: 10).RunAsync();
Console.WriteLine(SwapReport.Columns);
Console.WriteLine(plain.Row);
Console.WriteLine(failing.Row);
bool met = true;
foreach ((string bar, bool holds) in plain.Bars.Concat(failing.Bars))
{
    Console.WriteLine($"{(holds ? "met" : "MISSED")}: {bar}");
    met &= holds;
}

return met ? 0 : 1;
