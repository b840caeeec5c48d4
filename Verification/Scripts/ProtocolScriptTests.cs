using System.Runtime.ExceptionServices;
using Troupe.Actors.TestKit;

namespace Troupe.Verification.Scripts;

/// <summary>Each script of the folder is a test; TROUPE_SCRIPTS names another folder than the one that was built.</summary>
public sealed class ProtocolScriptTests
{
    private static readonly string _folder = Environment.GetEnvironmentVariable("TROUPE_SCRIPTS") ?? Path.Combine(AppContext.BaseDirectory, "Scripts");

    private static string[] Names => [.. Directory
        .EnumerateFiles(_folder, "*.script", SearchOption.AllDirectories)
        .Select(static file => Path.GetRelativePath(_folder, file).Replace('\\', '/'))
        .Order(StringComparer.Ordinal)];

    public static TheoryData<string> Scripts => [.. Names];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void TheHostDoesWhatTheScriptSays(string script)
    {
        Script parsed = ScriptParser.Parse(script, File.ReadAllText(Path.Combine(_folder, script)));
        // Whatever comes first of what happens at the same time.
        for (int seed = 1; seed <= 2; seed++)
            Run(parsed, seed);
    }

    // What the script says of its failure is enough; the steps of all actors are not shown.
    internal static void Run(Script script, int seed)
    {
        try
        {
            Bench.Run(script, seed);
        }
        catch (ScenarioFailedException failure) when (failure.InnerException is ScriptException or ScriptFailedException)
        {
            ExceptionDispatchInfo.Throw(failure.InnerException);
        }
    }

    [Fact]
    public void ThereAreAtLeastAsManyAsTheIssueAsksFor() => Assert.True(Names.Length >= 150, $"There are {Names.Length} scripts.");
}
