using System.Globalization;
using Troupe.Verification.Simulator;

// The arguments are those of `./troupe verify sim`, or, after the word devices, of `./troupe verify devices`, which check them.
bool isDevices = args is ["devices", ..];
Dictionary<string, string> given = [];
for (int index = isDevices ? 1 : 0; index + 1 < args.Length; index += 2)
    given[args[index].TrimStart('-')] = args[index + 1];
int Number(string name, int otherwise) => given.TryGetValue(name, out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

if (isDevices)
    return DeviceProgram.Run(given);

SimulationOptions options = new();
options = options with
{
    Hosts = Number("hosts", options.Hosts),
    Octets = Number("octets", options.Octets),
    MailboxCapacity = Number("capacity", options.MailboxCapacity),
    Kinds = given.TryGetValue("kinds", out string? kinds) ? Enum.Parse<FaultKinds>(kinds, ignoreCase: true) : null,
    FaultsFrom = TimeSpan.FromMilliseconds(Number("from", 0)),
    FaultsUntil = given.ContainsKey("until") ? TimeSpan.FromMilliseconds(Number("until", 0)) : options.FaultsUntil,
};
int first = Number("seed", 0);
int count = Number("seeds", 1);
if (count == 1)
    return One();

SeedRunResult result = SeedRun.Run(
    first, count, options, Number("jobs", Environment.ProcessorCount), given.ContainsKey("minutes") ? TimeSpan.FromMinutes(Number("minutes", 0)) : null, Console.Error.WriteLine);
Console.WriteLine("kind               seeds with it      times");
foreach ((FaultKinds kind, int seeds) in result.SeedsWith)
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind,-18} {seeds,13:N0} {result.Injected[kind],10:N0}"));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{result.Seeds:N0} seeds, {result.Failures.Count} failed; {result.Virtual.TotalHours:F1} h of virtual time in {result.Wall.TotalSeconds:F0} s: {result.Speed:F0} times as fast on each thread"));
IReadOnlyList<int> unrepeatable = SeedRun.FindUnrepeatable(first, Math.Min(count, Number("replays", 100)), options);
Console.WriteLine($"{Math.Min(count, Number("replays", 100)) - unrepeatable.Count} of {Math.Min(count, Number("replays", 100))} seeds replay to the same fingerprint");
foreach (int seed in unrepeatable.Take(10))
    Console.WriteLine($"  not seed {seed}");
foreach (SimulationReport failure in result.Failures.Take(20))
    Console.WriteLine($"seed {failure.Seed}: {failure.Failure!.Split('\n')[0]}");
if (result.Failures.Count > 0)
    Shrink(result.Failures[0].Seed);
return result.Failures.Count + unrepeatable.Count > 0 ? 1 : 0;

int One()
{
    SimulationReport report = Simulation.Run(first, options);
    foreach (string line in report.Trace)
        Console.WriteLine(line);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"seed {first}: {report.Kinds}; {report.Virtual.TotalSeconds:F3} s of virtual time in {report.Wall.TotalMilliseconds:F0} ms, {report.Steps:N0} steps, fingerprint {report.Fingerprint:x16}"));
    Console.WriteLine(string.Join(", ", report.Injected.Where(static pair => pair.Value > 0).Select(static pair => $"{pair.Key} {pair.Value}")));
    if (report.Passed)
        return 0;
    Console.WriteLine(report.Failure);
    if (!given.ContainsKey("kinds"))
        Shrink(first);
    return 1;
}

void Shrink(int seed)
{
    Console.Error.WriteLine($"seed {seed} failed; looking for less that fails too");
    SimulationOptions smallest = Shrinking.Shrink(seed, options, Console.Error.WriteLine);
    Console.WriteLine("again, with as little as was found:");
    Console.WriteLine("  " + Shrinking.Command(seed, smallest));
}
