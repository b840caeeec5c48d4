using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Troupe.Actors;
using Troupe.HotSwap.Contracts;

namespace Troupe.HotSwap.Tests;

/// <summary>The behaviours' assembly in a context of its own, from bytes; everything it refers to is what is loaded already.</summary>
internal sealed class SwappableContext() : AssemblyLoadContext(name: null, isCollectible: true)
{
    private const string AssemblyFile = "Troupe.HotSwap.Behaviours.dll";
    private const string Behaviour = "Troupe.HotSwap.Behaviours.Receiver";

    private static readonly byte[] _bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, AssemblyFile));

    /// <summary>Loads and compiles a behaviour, so that neither is in the gap of the swap.</summary>
    internal Func<Actor<Sequenced>> Load(GapMeter meter, bool failsToImport)
    {
        using MemoryStream stream = new(_bytes, writable: false);
        Type type = LoadFromStream(stream).GetType(Behaviour, throwOnError: true)!;
        foreach (MethodInfo method in type.GetMethods(BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            RuntimeHelpers.PrepareMethod(method.MethodHandle);
        return () => (Actor<Sequenced>)Activator.CreateInstance(type, meter, failsToImport)!;
    }

    protected override Assembly? Load(AssemblyName assemblyName) => null;
}
