using System.CommandLine;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe new</c>: an app to begin with.</summary>
internal static class NewCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var where = new Argument<string>("APP") { Description = "The app's directory, such as Apps/MyApp; its last part is the app's name." };
        var command = new Command("new", "Make an app: a web program of actors that boots, with tests of its actors for `troupe verify app`.") { where };
        command.SetAction(result =>
        {
            var repository = Repository.Locate();
            var app = new AppTemplate(repository).Create(result.GetRequiredValue(where));
            var directory = Path.GetRelativePath(repository.Root, app.ProjectDirectory);
            Output.Say($"made {directory}; its README.md says what to do with it. To begin with:");
            Console.WriteLine($"  ./troupe run {directory} -p 18080:8080\n  ./troupe verify app {directory}");
            return ExitCodes.Success;
        });
        return command;
    }
}
