using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Troupe.Verification.Fuzzing.Tests;

/// <summary>The program that `./troupe verify fuzz` runs, instrumented as it is there, on the target with a planted bug.</summary>
public sealed class ProgramTests : IDisposable
{
    private const string Program = "Troupe.Verification.Fuzzing.dll";

    private readonly string _folder = Directory.CreateTempSubdirectory("fuzz-program").FullName;

    private string Findings => Path.Combine(_folder, "findings");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task APlantedBugIsFoundAndKeptAndASeedGivesTheSameCases()
    {
        string copy = Path.Combine(_folder, "instrumented");
        (int prepared, string said) = await RunAsync(Path.Combine(AppContext.BaseDirectory, Program), "prepare", copy, "planted");
        Assert.True(prepared == 0, said);
        string program = Path.Combine(copy, Program);

        (int code, string output) = await FuzzAsync(program, seed: 7);
        Assert.Equal(1, code);
        Assert.Contains("planted: somebody asks for 10.0.0.66", output, StringComparison.Ordinal);
        string file = Assert.Single(Directory.GetFiles(Path.Combine(Findings, "planted")));
        Assert.Contains($"./troupe verify fuzz --target planted --replay {file}", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder, "corpus")), "the corpus was to be left as it is");

        (int replayed, string again) = await RunAsync(program, "replay", "planted", file);
        Assert.Equal(1, replayed);
        Assert.Contains("planted: somebody asks for 10.0.0.66", again, StringComparison.Ordinal);

        string cases = CasesOf(output);
        Assert.Equal(cases, CasesOf((await FuzzAsync(program, seed: 7)).Output));
        Assert.NotEqual(cases, CasesOf((await FuzzAsync(program, seed: 8)).Output));
    }

    [Theory]
    [InlineData("There is no target 'arq'. There are: ethernet, arp,", "replay", "arq", "/dev/null")]
    [InlineData("There is no target 'arq'. There are: ethernet, arp,", "prepare", "/tmp/not-made", "arq")]
    [InlineData("usage: fuzz prepare", "run", "here")]
    public async Task AMistakeIsNamed(string message, params string[] arguments)
    {
        (int code, string output) = await RunAsync(Path.Combine(AppContext.BaseDirectory, Program), arguments);
        Assert.Equal(2, code);
        Assert.StartsWith(message, output, StringComparison.Ordinal);
    }

    private static string CasesOf(string output) => Regex.Matches(output, "[0-9,]+ executions .* cases [0-9a-f]{16}") is [.., var last]
        ? Regex.Replace(last.Value, " +[0-9,]+/s", "") : throw new InvalidOperationException(output);

    private Task<(int Code, string Output)> FuzzAsync(string program, int seed) =>
        RunAsync(program, "run", Path.Combine(_folder, "corpus"), "leave", Findings, "120", "50000", $"{seed}", "planted");

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + error);
    }
}
