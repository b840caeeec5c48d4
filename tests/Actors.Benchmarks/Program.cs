using System.Globalization;
using Troupe.Actors.Benchmarks;

// One contender of `./troupe bench actors`: measures what it is asked for on standard input, a row a line, and answers on standard output, "ok VALUE",
// "unsupported", or "error TEXT". `--million N` is `./troupe bench million`; `--tracing [off]` is what tracing costs.
if (args is ["--million", _])
    return await Million.RunAsync(int.Parse(args[1], CultureInfo.InvariantCulture));
if (args is ["--tracing", ..])
{
    await TracingCost.RunAsync(7, onlyOff: args.Contains("off"));
    return 0;
}

if (args.Length is not (1 or 2) || !Contenders.Known.TryGetValue(args[0], out Func<IContender>? create))
{
    Console.Error.WriteLine($"usage: CONTENDER [PART]; the contenders are {string.Join(", ", Contenders.Known.Keys)}. Rows come on standard input.");
    return 2;
}

double part = args.Length == 2 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 1;
Dictionary<string, Row> rows = Row.All.ToDictionary(static row => row.Name);
await using IContender contender = create();
Console.WriteLine("ready");
while (Console.ReadLine() is { } name)
{
    if (!rows.TryGetValue(name, out Row? row))
    {
        Console.WriteLine("unsupported");
        continue;
    }

    try
    {
        double value = await row.MeasureAsync(contender, part);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ok {value:R}"));
    }
    catch (NotSupportedException)
    {
        Console.WriteLine("unsupported");
    }
    catch (Exception exception)
    {
        Console.WriteLine($"error {exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")}");
    }
}

return 0;
