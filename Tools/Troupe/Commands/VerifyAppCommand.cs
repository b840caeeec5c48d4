using System.CommandLine;
using Troupe.Tools.Verification;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe verify app</c>: an app's own actors under Coyote.</summary>
internal static class VerifyAppCommand
{
    private const int DefaultIterations = 300;
    private const uint DefaultSeed = 20_261_123;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var app = CommonSymbols.App();
        var filter = CommonSymbols.Filter();
        var iterations = new Option<int>("--iterations") { Description = "Interleavings to try of each test, twice.", HelpName = "N", DefaultValueFactory = _ => DefaultIterations };
        iterations.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--iterations must be at least 1.");
            }
        });
        var seed = new Option<uint>("--seed") { Description = "What the interleavings are drawn from.", HelpName = "S", DefaultValueFactory = _ => DefaultSeed };
        var command = new Command("app", "Run the tests in an app's folder Verification under many interleavings of its actors' turns.") { app, filter, iterations, seed };
        command.SetAction((result, cancellation) =>
        {
            var repository = Repository.Locate();
            return new AppVerification(repository, cancellation).RunAsync(
                repository.FindApp(result.GetRequiredValue(app)), result.GetValue(filter), result.GetValue(iterations), result.GetValue(seed));
        });
        return command;
    }
}
