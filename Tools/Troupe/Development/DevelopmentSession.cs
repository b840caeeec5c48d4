using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Development;

/// <summary>
/// `troupe dev`: the program runs as a process of its own with the agent in it; here its sources are watched and compiled. What is swapped, what
/// cannot be, and what the compiler says is printed; whatever goes wrong, the program goes on as it was.
/// </summary>
/// <param name="repository">The clone.</param>
/// <param name="app">The program.</param>
/// <param name="say">Gets what is printed; standard error if not given.</param>
public sealed class DevelopmentSession(Repository repository, App app, Action<string>? say = null)
{
    private readonly Action<string> _say = say ?? Output.Say;

    /// <summary>Runs until the program ends, whose exit code it returns, or it is cancelled.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> words, CancellationToken cancellation)
    {
        _say($"{app.Name}: building");
        // What is saved from here on is a change.
        using var watcher = new SourceWatcher(app.ProjectDirectory);
        var build = await DevelopmentBuild.MakeAsync(repository, app, cancellation).ConfigureAwait(false);
        var compiler = new BehaviourCompiler(build.CompilerArguments, app.ProjectDirectory, build.Assembly);
        using var line = new AgentLine();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var program = HostProcess.RunAsync(
            "dotnet", [build.Assembly, .. words], cancellation, app.ProjectDirectory,
            new Dictionary<string, string> { ["DOTNET_STARTUP_HOOKS"] = build.Agent, ["TROUPE_DEVELOPMENT_SOCKET"] = line.Path });
        var editing = EditAsync(line, watcher, compiler, ending.Token);
        await Task.WhenAny(program, editing).ConfigureAwait(false);
        if (!program.IsCompleted && editing.IsFaulted)
        {
            _say($"{app.Name}: no more swaps, {editing.Exception!.InnerException!.Message}");
        }

        try
        {
            return await program.ConfigureAwait(false);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await editing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task EditAsync(AgentLine line, SourceWatcher watcher, BehaviourCompiler compiler, CancellationToken cancellation)
    {
        await line.AcceptAsync(cancellation).ConfigureAwait(false);
        _say($"{app.Name}: running; edit its sources and its actors change while they run");
        while (true)
        {
            await watcher.NextAsync(cancellation).ConfigureAwait(false);
            var clock = Stopwatch.StartNew();
            BehaviourChange change;
            try
            {
                change = compiler.Compile();
            }
            catch (IOException)
            {
                // An editor moved a file away just now; what it puts there is the next change.
                continue;
            }

            Apply(line, compiler, change, clock);
        }
    }

    private void Apply(AgentLine line, BehaviourCompiler compiler, BehaviourChange change, Stopwatch clock)
    {
        foreach (var error in change.Errors)
        {
            _say(error);
        }

        if (change.Errors.Count > 0)
        {
            _say($"{app.Name}: {change.Errors.Count} error(s); the actors go on as they are");
        }
        else if (change.NeedRestart.Count > 0)
        {
            _say($"{app.Name}: nothing swapped, because of {string.Join("; ", change.NeedRestart)}. Such types exist once: end this with Ctrl-C and start it again to see the change");
        }
        else if (change.Behaviours.Count > 0)
        {
            var compiled = clock.Elapsed;
            var swaps = line.Swap(change);
            foreach (var swap in swaps)
            {
                _say($"{(swap.Succeeded ? "swapped" : "NOT swapped")} {swap.Path} ({swap.Behaviour}): {swap.Text}");
            }

            if (swaps.Count == 0)
            {
                _say($"no living actor has the behaviour {string.Join(" or ", change.Behaviours)}; those that the program spawns begin as they were built");
            }

            _say(string.Create(CultureInfo.InvariantCulture, $"{app.Name}: compiled in {compiled.TotalMilliseconds:0} ms, live after {clock.Elapsed.TotalMilliseconds:0} ms"));
            if (swaps.All(static swap => swap.Succeeded))
            {
                compiler.Accept(change);
            }
        }
    }
}
