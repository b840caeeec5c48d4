using System.Reflection;
using Troupe.Tools.Workspace;

namespace Troupe.Documentation.Tests;

/// <summary>What the pages tell readers to write compiles, and the tests they show pass.</summary>
public sealed class SampleTests
{
    /// <summary>The pages whose samples are whole.</summary>
    public static TheoryData<string> Pages => ["guide.md", "testkit.md", "contracts.md"];

    [Theory]
    [MemberData(nameof(Pages))]
    public void ThePageCompilesAndItsTestsPass(string name)
    {
        string page = File.ReadAllText(Path.Combine(Repository.Locate().Root, "docs", name));
        IReadOnlyList<SampleBlock> blocks = SampleBlock.In(page);
        Assert.NotEmpty(blocks);
        (IReadOnlyList<string> messages, Assembly? assembly) = SamplePage.Compile(name, blocks);
        Assert.True(messages.Count == 0, string.Join('\n', messages));
        Run(assembly!);
    }

    /// <summary>It is compiled, and its tests run, where it is.</summary>
    [Fact]
    public void ABlockOfTheGuideThatNamesAFileIsThatFile()
    {
        string root = Repository.Locate().Root;
        IReadOnlyList<(string File, string Code)> blocks = SampleBlock.FilesIn(File.ReadAllText(Path.Combine(root, "docs", "guide.md")));
        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Equal(File.ReadAllText(Path.Combine(root, block.File)), block.Code, ignoreLineEndingDifferences: true));
    }

    [Fact]
    public void ABlockThatDoesNotCompileIsFoundAtItsLine()
    {
        string page = "# A page\n\n```csharp\nint number = 1;\n```\n\nand\n\n```csharp\nstring text = number;\n```\n\n```csharp fragment\nnot C# at all\n```\n";
        (IReadOnlyList<string> messages, _) = SamplePage.Compile("page.md", SampleBlock.In(page));
        Assert.Contains("page.md(10): CS0029", Assert.Single(messages), StringComparison.Ordinal);
    }

    [Fact]
    public void ATestThatFailsIsFound()
    {
        string page = "```csharp\n[Fact]\npublic void Fails() => Assert.Equal(1, 2);\n```\n";
        (IReadOnlyList<string> messages, Assembly? assembly) = SamplePage.Compile("failing.md", SampleBlock.In(page));
        Assert.Empty(messages);
        Assert.Throws<Xunit.Sdk.EqualException>(() => Run(assembly!));
    }

    /// <summary>Runs what has a <see cref="FactAttribute"/>.</summary>
    private static void Run(Assembly assembly)
    {
        foreach (MethodInfo method in assembly.GetTypes().SelectMany(type => type.GetMethods()).Where(method => method.GetCustomAttribute<FactAttribute>() is not null))
        {
            object? instance = method.IsStatic ? null : Activator.CreateInstance(method.DeclaringType!);
            (method.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, [], null) as Task)?.GetAwaiter().GetResult();
        }
    }
}
