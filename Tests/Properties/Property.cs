using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Sandbox.Cluster.Tests.Properties;

/// <summary>
/// Statements about every input, tried on inputs that are made up: always the same ones, so that a run that fails fails again.
/// What falsifies one is made smaller first, and printed with the seed.
/// </summary>
internal static class Property
{
    private static readonly Replay Seed = new(new Rnd(20260131, 17), FSharpOption<int>.None);

    /// <summary>Fails unless the check passes for every value that the generator makes, up to so many.</summary>
    public static void Holds<T>(Arbitrary<T> values, Action<T> check, int tries = 500) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(tries).WithReplay(FSharpOption<Replay>.Some(Seed)), Prop.ForAll(values, check));

    /// <summary>A value of the generator, and smaller ones of the same kind where <paramref name="shrink"/> knows any.</summary>
    public static Arbitrary<T> From<T>(Gen<T> values, Func<T, IEnumerable<T>>? shrink = null) =>
        shrink is null ? values.ToArbitrary() : Arb.From(values, shrink);
}
