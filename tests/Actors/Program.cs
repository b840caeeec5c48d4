using Troupe.Actors.Tests;

// The test platform loads this assembly and does not start it; tests that need a process of their own do.
if (args is not [Flood.Command, string mode])
{
    Console.Error.WriteLine($"usage: {Flood.Command} MODE. The tests of this assembly are run by `dotnet test`.");
    return 2;
}

await Flood.RunAsync(mode);
return 0;
