using System.CommandLine;
using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe build APP</c>: links an app's image.</summary>
public static class BuildCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var app = CommonSymbols.App();
        var force = new Option<bool>("--force") { Description = "Build even if nothing changed." };
        var command = new Command("build", "Build an app's bootable image; print its path.") { app, force };
        command.SetAction(async (result, cancellation) =>
        {
            var repository = Repository.Locate();
            var image = await new ImageBuild(repository)
                .EnsureAsync(repository.FindApp(result.GetRequiredValue(app)), result.GetValue(force), cancellation)
                .ConfigureAwait(false);
            var megabytes = new FileInfo(image.Elf).Length / 1e6;
            Output.Say(string.Create(CultureInfo.InvariantCulture, $"{image.App.Name}: {megabytes:0.00} MB; symbols beside it in {Path.GetFileName(image.Symbols)}"));
            Console.WriteLine(image.Elf);
            return ExitCodes.Success;
        });
        return command;
    }
}
