using System.Text.RegularExpressions;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Tests;

/// <summary>What `./troupe new` leaves.</summary>
public sealed class AppTemplateTests : IDisposable
{
    private static readonly Repository _repository = Repository.Locate();
    private readonly string _folder = Path.Combine(_repository.Artifacts, "test-new", Guid.NewGuid().ToString("N"));

    [Fact]
    public void AnAppHasAProjectAProgramActorsAndTestsOfThem()
    {
        var app = Create("MyApp");
        Assert.Equal(Path.Combine(_folder, "MyApp", "MyApp.csproj"), app.ProjectFile);
        var files = Directory.GetFiles(app.ProjectDirectory, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(app.ProjectDirectory, file)).Order(StringComparer.Ordinal);
        Assert.Equal(["Door.cs", "Doors.cs", "Messages.cs", "MyApp.csproj", "Program.cs", "README.md", "Verification/DoorsTests.cs", "VisitorCounter.cs", "race.patch"], files);
    }

    [Fact]
    public void TheTemplatesNameIsNowhereInIt()
    {
        var app = Create("MyApp");
        Assert.All(Directory.GetFiles(app.ProjectDirectory, "*", SearchOption.AllDirectories), file => Assert.DoesNotContain("TroupeApp", file + File.ReadAllText(file), StringComparison.Ordinal));
        Assert.Contains("namespace MyApp;", File.ReadAllText(Path.Combine(app.ProjectDirectory, "Door.cs")), StringComparison.Ordinal);
    }

    [Fact]
    public void ItIsAnAppForTheOtherCommands()
    {
        var app = Create("MyApp");
        Assert.Equal(app, _repository.FindApp(Path.GetRelativePath(_repository.Root, app.ProjectDirectory)));
    }

    [Fact]
    public async Task ThePlantedRaceGoesInAndOutByTheCommandsOfItsReadMe()
    {
        var app = Create("MyApp");
        var directory = Path.GetRelativePath(_repository.Root, app.ProjectDirectory);
        var clean = Content(app);
        var commands = Regex.Matches(await File.ReadAllTextAsync(Path.Combine(app.ProjectDirectory, "README.md")), "^    git (.*)$", RegexOptions.Multiline);
        Assert.Equal(2, commands.Count);
        await Git(commands[0]);
        Assert.Contains("VisitorCount.cs", Content(app), StringComparison.Ordinal);
        await Git(commands[1]);
        Assert.Equal(clean, Content(app));

        async Task Git(Match command)
        {
            var arguments = command.Groups[1].Value.Replace("Apps/MyApp", directory, StringComparison.Ordinal).Split(' ');
            var result = await HostProcess.CaptureAsync("git", arguments, CancellationToken.None, _repository.Root);
            Assert.True(result.ExitCode == 0, result.Output);
        }
    }

    [Fact]
    public void AnAppOutsideOfTheCloneIsRefused()
    {
        var error = Assert.Throws<UserError>(() => new AppTemplate(_repository).Create("/tmp/MyApp"));
        Assert.Equal("./troupe new Apps/MyApp", error.Hint);
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static string Content(App app) => string.Concat(
        Directory.GetFiles(app.ProjectDirectory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => file + "\n" + File.ReadAllText(file)));

    private App Create(string name) => new AppTemplate(_repository).Create(Path.Combine(_folder, name));
}
