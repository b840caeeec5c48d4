using System.Diagnostics;

namespace Troupe.Verification.Fuzzing.Tests;

/// <summary>What fuzzing once found worth keeping is run again, every time.</summary>
public sealed class CorpusTests
{
    private const long LargestCorpus = 1 << 20;

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(static target => target.Name)];

    private static string Folder
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Actors.sln")))
                folder = folder.Parent;
            return Path.Combine(folder!.FullName, "Verification", "Fuzzing", "Corpus");
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void EveryInputOfTheCorpusPasses(string name)
    {
        FuzzTarget target = FuzzTargets.Find(name);
        foreach (byte[] input in new Corpus(Path.Combine(Folder, name)).Read().Concat(target.Seeds))
        {
            Stopwatch clock = Stopwatch.StartNew();
            Finding? finding = Execution.Run(target, input);
            Assert.True(finding is null, $"{Convert.ToHexString(input)}: {finding?.Text}");
            Assert.True(clock.Elapsed < 3 * FuzzTarget.LongestTime, $"{Convert.ToHexString(input)} takes {clock.Elapsed}");
        }
    }

    [Fact]
    public void TheCorpusIsSmallAndOfTargetsThatThereAre()
    {
        Assert.Empty(Directory.GetDirectories(Folder).Select(Path.GetFileName).Except(FuzzTargets.All.Select(static target => target.Name)));
        Assert.InRange(Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Sum(static file => new FileInfo(file).Length), 1, LargestCorpus);
    }
}
