using System.Diagnostics;
using System.Globalization;
using Troupe.Actors.Benchmarks;

// Usage: Troupe.Actors.Benchmarks [runs] [workers]. Ours and plain channels alternate in one run; medians are printed.
// Pin it to one processor with `taskset -c 0` and one worker for figures that do not depend on the neighbours.
if (args is ["tracing", ..])
{
    await TracingCost.RunAsync(7, onlyOff: args.Contains("off"));
    return;
}

int runs = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 7;
int workers = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : Environment.ProcessorCount;

(string Name, Func<IContender, Task<int>> Run)[] scenarios =
[
    ("ping-pong, 1 in flight", static contender => contender.PingPong(300_000, 1)),
    ("ping-pong, 100 in flight", static contender => contender.PingPong(300_000, 100)),
    ("fan-out 1 -> 100", static contender => contender.FanOut(100, 5_000)),
    ("fan-in 100 -> 1", static contender => contender.FanIn(100, 5_000)),
    ("ring of 1,000, 1 token", static contender => contender.Ring(1000, 1, 300)),
    ("ring of 1,000, 100 tokens", static contender => contender.Ring(1000, 100, 5)),
    ("create and stop", static contender => contender.Create(20_000)),
    ("ask and answer", static contender => contender.Ask(100_000)),
];

Console.WriteLine($"{workers} workers, {Environment.ProcessorCount} processors, medians of {runs} interleaved runs, ns per message");
Console.WriteLine($"{"scenario",-28}{"Troupe",10}{"Channels",10}{"ratio",8}");
foreach ((string name, Func<IContender, Task<int>> run) in scenarios)
{
    var ours = new List<double>();
    var theirs = new List<double>();
    // The first run of each warms up and is not counted.
    for (int round = 0; round <= runs; round++)
    {
        double our = await Measure(new TroupeContender(workers), run);
        double their = await Measure(new ChannelContender(), run);
        if (round == 0)
            continue;
        ours.Add(our);
        theirs.Add(their);
    }

    double median = Median(ours);
    double other = Median(theirs);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-28}{median,10:F1}{other,10:F1}{other / median,8:F2}"));
}

double bytesPerActor = await TroupeContender.BytesPerActor(100_000);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bytes per idle actor{bytesPerActor,18:F1}"));

static async Task<double> Measure(IContender contender, Func<IContender, Task<int>> run)
{
    await using (contender)
    {
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        int messages = await run(contender);
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / messages;
    }
}

static double Median(List<double> values)
{
    values.Sort();
    return values[values.Count / 2];
}
