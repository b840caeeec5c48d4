using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Troupe.Actors;

namespace Troupe.Tools.DevelopmentAgent;

/// <summary>What became of one actor.</summary>
internal readonly record struct SwappedActor(string Path, string Behaviour, bool Succeeded, string Text);

/// <summary>Loads compiled behaviours into a collectible context each time, and swaps the living actors whose behaviours have the same names.</summary>
internal sealed class LiveSwapper
{
    /// <summary>An actor whose handler is suspended for longer keeps its behaviour until the next change.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(10);

    private readonly List<ActorSystem> _systems = [];

    internal void Add(ActorSystem system)
    {
        lock (_systems)
            _systems.Add(system);
    }

    internal async Task<List<SwappedActor>> SwapAsync(string[] behaviours, byte[] assembly, byte[] symbols)
    {
        var context = new AssemblyLoadContext("troupe dev", isCollectible: true);
        List<SwappedActor> swapped = [];
        try
        {
            Assembly loaded = context.LoadFromStream(new MemoryStream(assembly), symbols.Length == 0 ? null : new MemoryStream(symbols));
            ActorSystem[] systems;
            lock (_systems)
                systems = [.. _systems];
            foreach (ActorRef actor in systems.SelectMany(static system => system.Actors))
            {
                string name = actor.BehaviourType.FullName!;
                if (behaviours.Contains(name))
                    swapped.Add(await SwapAsync(actor, name, loaded.GetType(name, throwOnError: true)!).ConfigureAwait(false));
            }
        }
        catch (Exception exception)
        {
            swapped.Add(new SwappedActor("all", string.Join(", ", behaviours), false, exception.Message));
        }

        // It lives as long as an actor has a behaviour of it.
        context.Unload();
        return swapped;
    }

    private static async Task<SwappedActor> SwapAsync(ActorRef actor, string name, Type behaviour)
    {
        if (behaviour.GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, []) is null)
            return new SwappedActor(actor.Path, name, false, "it has no constructor without parameters, so only the program itself can make one: restart it to see the change.");
        bool losesState = !typeof(IExportsState).IsAssignableFrom(actor.BehaviourType) && HasFields(actor.BehaviourType);
        foreach (MethodInfo method in behaviour.GetMethods(BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (!method.IsAbstract && !method.ContainsGenericParameters)
                RuntimeHelpers.PrepareMethod(method.MethodHandle);
        }

        using var deadline = new CancellationTokenSource(_longest);
        try
        {
            SwapResult result = await actor.SwapAsync(() => Activator.CreateInstance(behaviour, nonPublic: true)!, deadline.Token).ConfigureAwait(false);
            string text = string.Create(CultureInfo.InvariantCulture, $"behaviour {result.Generation}, messages waited {result.Pause.TotalMilliseconds:0.000} ms ({result.Waiting} in the mailbox)");
            return new SwappedActor(actor.Path, name, true, losesState ? text + "; its fields begin anew: implement IStateful to keep them" : text);
        }
        catch (OperationCanceledException)
        {
            return new SwappedActor(actor.Path, name, false, $"it did not come to it within {_longest.TotalSeconds:0} s: is its handler suspended? It goes on as it was.");
        }
        catch (HotSwapException exception)
        {
            return new SwappedActor(actor.Path, name, false, exception.Message + " The old behaviour goes on.");
        }
    }

    private static bool HasFields(Type type) =>
        type.GetFields(BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Length > 0;
}
