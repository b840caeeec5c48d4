using Troupe.Verification.Instrumentation;

// instrument LIST ASSEMBLY... [--fields ASSEMBLY...]: instruments the assemblies in place and writes the list of what it found.
if (args.Length < 2)
{
    Console.Error.WriteLine("usage: instrument LIST ASSEMBLY... [--fields ASSEMBLY...]");
    return 125;
}

var instrumenter = new Instrumenter();
var fields = false;
foreach (var word in args[1..])
{
    if (word == "--fields") fields = true;
    else instrumenter.Instrument(Path.GetFullPath(word), fields);
}

File.WriteAllLines(args[0], instrumenter.Sites.Select(site => site.ToString()));
return 0;
