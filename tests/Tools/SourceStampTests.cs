using System.Xml.Linq;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Tests;

/// <summary>An image is built anew when anything changes that is in it.</summary>
public sealed class SourceStampTests
{
    private static readonly Repository _repository = Repository.Locate();

    public static TheoryData<string> Apps => [.. _repository.Apps().Select(static app => app.Name)];

    [Theory]
    [MemberData(nameof(Apps))]
    public void EveryProjectThatAnAppReferencesIsInItsStamp(string name)
    {
        var app = _repository.FindApp(name);
        var stamped = Stamped(app);
        foreach (var project in Referenced(app.ProjectFile, []))
        {
            Assert.Contains(project, stamped);
        }
    }

    [Theory]
    [InlineData("Benchmark", "Apps/Hello/HitCounter.cs")]
    [InlineData("SelfTest", "Apps/Benchmark/ByteSequence.cs")]
    public void WhatAnAppCompilesOfAnotherIsInItsStamp(string name, string file) => Assert.Contains(Path.Combine(_repository.Root, file), Stamped(_repository.FindApp(name)));

    private static HashSet<string> Stamped(App app) => [.. SourceStamp.Files(_repository, app).Select(static file => file.FullName)];

    private static HashSet<string> Referenced(string project, HashSet<string> found)
    {
        var references = XDocument.Load(project).Descendants("ProjectReference").Select(static item => item.Attribute("Include")!.Value.Replace("$(RepositoryRoot)", _repository.Root + "/", StringComparison.Ordinal));
        foreach (var reference in references.Select(include => Path.GetFullPath(include, Path.GetDirectoryName(project)!)).Where(found.Add))
        {
            Referenced(reference, found);
        }

        return found;
    }
}
