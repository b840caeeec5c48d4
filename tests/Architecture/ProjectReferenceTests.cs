using System.Xml.Linq;

namespace Troupe.Architecture.Tests;

/// <summary>Who may know whom. A new arrow is a decision about the architecture: it is made here, in the open.</summary>
public sealed class ProjectReferenceTests
{
    private static readonly string[] _networkLayer = ["Net/Contracts", "Net/Wire", "Drivers/Contracts", "Actors"];
    private static readonly string[] _driver = ["Drivers/Contracts", "Actors", "Core/Capabilities"];

    private static readonly Dictionary<string, string[]> _allowed = new()
    {
        ["Core/Memory"] = [],
        ["Core/Capabilities"] = [],
        ["Core/Machine"] = ["Core/Memory", "Core/Capabilities"],
        ["Smp/Kernel"] = ["Core/Machine", "Core/Memory", "Core/Capabilities"],
        ["Actors"] = ["Core/Memory"],
        // Part of the build, not of a program: Directory.Build.targets gives the analyzers to the compiler of every project above the kernel half.
        ["Actors/Analyzers"] = [],
        ["Actors/CodeFixes"] = ["Actors/Analyzers"],
        ["Actors/TestKit"] = ["Actors"],
        // The C faces of the class library's socket calls; whoever serves them is plugged in through interfaces it defines.
        ["Smp/SystemNative"] = [],
        ["Smp/Host"] = ["Smp/Kernel", "Core/Memory", "Core/Capabilities", "Actors"],
        ["Drivers/Block"] = ["Drivers/Contracts", "Drivers/Queues", "Actors"],
        ["Drivers/Contracts"] = ["Actors"],
        ["Drivers/Discovery"] = _driver,
        ["Drivers/Network"] = ["Drivers/Contracts", "Drivers/Queues", "Actors"],
        ["Drivers/Queues"] = ["Actors"],
        ["Drivers/Rtl8139"] = [.. _driver, "Drivers/Network"],
        ["Drivers/SerialConsole"] = _driver,
        ["Drivers/Virtio"] = _driver,
        ["Drivers/VirtioNet"] = [.. _driver, "Drivers/Network", "Drivers/Queues", "Drivers/Virtio"],
        ["Drivers/VirtioBlk"] = [.. _driver, "Drivers/Block", "Drivers/Queues", "Drivers/Virtio"],
        ["Drivers/VirtioRng"] = [.. _driver, "Drivers/Virtio"],
        ["Drivers/VirtioConsole"] = [.. _driver, "Drivers/Virtio"],
        ["Drivers/Xen"] = [.. _driver, "Drivers/Block", "Drivers/Discovery", "Drivers/Network", "Drivers/Queues"],
        ["Net/Wire"] = [],
        ["Net/Contracts"] = ["Actors", "Drivers/Contracts", "Net/Wire"],
        ["Net/Ethernet"] = _networkLayer,
        ["Net/Ip"] = _networkLayer,
        ["Net/Udp"] = _networkLayer,
        ["Net/Dns"] = _networkLayer,
        ["Net/Middleware"] = _networkLayer,
        ["Net/Tcp"] = _networkLayer,
        ["Net/Kestrel"] = _networkLayer,
        ["Net/Sockets"] = _networkLayer,
        // Libraries of apps, as they are composed of nothing of the machine.
        ["Apps/Storage"] = ["Drivers/Contracts", "Actors"],
        ["Apps/Files"] = ["Drivers/Contracts", "Actors"],
    };

    // Hosting composes everything below it, Hosting.Web that and Kestrel (an app of actors alone does not link it);
    // the self-test and the benchmark also look beneath Hosting, at the machine they test.
    private static readonly string[] _composition = ["Apps/Hosting", "Apps/Hosting.Web", "Apps/SelfTest", "Apps/Benchmark"];
    private static readonly string[] _beneathHosting = ["Core/", "Smp/", "Actors", "Drivers/", "Net/", "Apps/Files"];

    // Only these see a framework beyond the base class library.
    private static readonly string[] _aspNetCore = ["Net/Kestrel", "Apps/"];

    // What an app imports, and what tests or drives the product, is not restricted further.
    private static readonly string[] _outside = ["tests/", "Verification/", "Tools/"];

    public static TheoryData<string> Products => [.. ProductFiles];

    private static IEnumerable<string> ProductFiles => SourceTree.Projects.Where(file => !_outside.Any(file.StartsWith));

    [Theory]
    [MemberData(nameof(Products))]
    public void AProjectReferencesOnlyWhatItMay(string project)
    {
        var folder = SourceTree.Folder(project);
        foreach (var reference in References(project))
        {
            Assert.True(May(folder, reference), $"{folder} -> {reference} is no arrow of the architecture.");
        }
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void OnlyKestrelAndAppsSeeAspNetCore(string project)
    {
        var seen = Items(project, "FrameworkReference").Any();
        Assert.True(!seen || _aspNetCore.Any(project.StartsWith), $"{project} has a FrameworkReference.");
    }

    [Fact]
    public void NoProductReferencesATestOrATool() =>
        Assert.DoesNotContain(ProductFiles.SelectMany(References), reference => _outside.Any(reference.StartsWith));

    [Fact]
    public void ReferencesHaveNoCycles()
    {
        var graph = SourceTree.Projects.ToLookup(SourceTree.Folder, References).ToDictionary(group => group.Key, group => group.SelectMany(list => list).ToList());
        var done = new HashSet<string>();
        void Visit(string project, List<string> path)
        {
            Assert.False(path.Contains(project), $"a circle: {string.Join(" -> ", path)} -> {project}");
            if (!done.Contains(project))
            {
                graph.GetValueOrDefault(project)?.ForEach(next => Visit(next, [.. path, project]));
                done.Add(project);
            }
        }

        foreach (var project in graph.Keys)
        {
            Visit(project, []);
        }
    }

    [Fact]
    public void AnArrowThatIsNotListedIsRefused()
    {
        Assert.False(May("Actors", "Smp/Kernel"));
        Assert.False(May("Net/Tcp", "Net/Kestrel"));
        Assert.False(May("Drivers/VirtioNet", "Core/Machine"));
        Assert.False(May("Apps/Hello", "Net/Tcp"));
        Assert.False(May("Apps/Hosting", "Apps/Hosting.Web"));
        Assert.False(May("Apps/Hosting", "Net/Kestrel"));
        Assert.True(May("Apps/Hello", "Apps/Hosting"));
        Assert.True(May("Apps/Hello", "Apps/Hosting.Web"));
        Assert.True(May("Apps/Hosting", "Net/Tcp"));
    }

    private static bool May(string from, string to)
    {
        if (_allowed.TryGetValue(from, out var allowed))
        {
            return allowed.Contains(to);
        }

        return from.StartsWith("Apps/", StringComparison.Ordinal)
            && ((_composition.Contains(from) && _beneathHosting.Any(to.StartsWith) && (from == "Apps/Hosting.Web" || to != "Net/Kestrel"))
                || (from != "Apps/Hosting" && to is "Apps/Hosting")
                || (from is not ("Apps/Hosting" or "Apps/Hosting.Web") && to is "Apps/Hosting.Web" or "Apps/Storage" or "Apps/Files")
                || to.EndsWith("/Contracts", StringComparison.Ordinal)
                || to == "Actors");
    }

    private static List<string> References(string project)
    {
        var folder = SourceTree.Folder(project);
        return Items(project, "ProjectReference")
            .Select(include => include.Replace("$(RepositoryRoot)", SourceTree.Repository.Root + "/", StringComparison.Ordinal))
            .Select(include => Path.GetFullPath(Path.Combine(SourceTree.Absolute(folder), include)))
            .Select(path => SourceTree.Folder(Path.GetRelativePath(SourceTree.Repository.Root, path)))
            .ToList();
    }

    private static IEnumerable<string> Items(string project, string item) =>
        XDocument.Parse(SourceTree.Read(project)).Descendants(item).Select(element => (string?)element.Attribute("Include") ?? string.Empty);
}
