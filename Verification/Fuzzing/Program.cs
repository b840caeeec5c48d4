using System.Globalization;
using Troupe.Verification.Fuzzing;

// fuzz prepare FOLDER [TARGET...] | run CORPUS keep|leave FINDINGS SECONDS EXECUTIONS SEED [TARGET...] | replay TARGET FILE | list
try
{
    return args switch
    {
        ["prepare", var folder, .. var names] => Prepare(folder, names),
        ["run", var corpus, "keep" or "leave", var findings, var seconds, var executions, var seed, .. var names] => Run(
            corpus, args[2] == "keep", findings, double.Parse(seconds, CultureInfo.InvariantCulture), long.Parse(executions, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture), names),
        ["replay", var name, var file] => Replay(FuzzTargets.Find(name), File.ReadAllBytes(file)),
        ["list"] => List(),
        _ => Usage(),
    };
}
catch (ArgumentException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}

static int Prepare(string folder, string[] names)
{
    // A name that is none is said before the work is done.
    foreach (string name in names)
        FuzzTargets.Find(name);
    Instrumented.Prepare(folder);
    return 0;
}

static int Run(string corpus, bool keepsCorpus, string findings, double seconds, long executions, int seed, string[] names)
{
    using CancellationTokenSource cancellation = new();
    Console.CancelKeyPress += (_, arguments) =>
    {
        arguments.Cancel = true;
        cancellation.Cancel();
    };
    EdgeMap map = new();
    map.Attach();
    IReadOnlyList<FuzzTarget> targets = names.Length == 0 ? FuzzTargets.All : [.. names.Select(FuzzTargets.Find)];
    Watchdog watchdog = new((target, input) =>
    {
        string file = new Corpus(Path.Combine(findings, target.Name)).Add(input);
        Console.WriteLine($"{target.Name}: an input takes longer than {FuzzTarget.LongestTime.TotalSeconds} s\n    to see it again: ./troupe verify fuzz --target {target.Name} --replay {file}");
        Environment.Exit(1);
    });
    string most = executions == long.MaxValue ? "" : $" or {executions.ToString("N0", CultureInfo.InvariantCulture)} executions";
    Console.WriteLine($"{targets.Count} targets, {(seconds / targets.Count).ToString("0.#", CultureInfo.InvariantCulture)} s{most} each, seed {seed}");
    List<FuzzRun> runs = [];
    foreach (FuzzTarget target in targets)
    {
        FuzzRun run = new(target, map, new(seed), new(Path.Combine(corpus, target.Name)), new(Path.Combine(findings, target.Name)), watchdog, keepsCorpus);
        run.Run(TimeSpan.FromSeconds(seconds / targets.Count), executions, cancellation.Token);
        Console.WriteLine(run);
        runs.Add(run);
    }

    Console.WriteLine($"{runs.Sum(static run => run.Executions).ToString("N0", CultureInfo.InvariantCulture)} executions, {runs.Sum(static run => run.Found.Count)} findings");
    return runs.Any(static run => run.Found.Count > 0) ? 1 : 0;
}

static int Replay(FuzzTarget target, byte[] input)
{
    new EdgeMap().Attach();
    Finding? finding = Execution.Run(target, input);
    Console.WriteLine(finding?.Text ?? "the input passes");
    return finding is null ? 0 : 1;
}

static int List()
{
    foreach (FuzzTarget target in FuzzTargets.All)
        Console.WriteLine(target.Name);
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("usage: fuzz prepare FOLDER [TARGET...] | run CORPUS keep|leave FINDINGS SECONDS EXECUTIONS SEED [TARGET...] | replay TARGET FILE | list");
    return 2;
}
